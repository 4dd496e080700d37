"""The journal is a file that anything may have happened to: its steps are read back, or it is called damaged."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.imports.journal import Damaged, Journal, Key, Line, read_steps

TARGET = "https://acme.myprotime.eu/acme/clockings"

keys = st.builds(Key, st.text("0123456789abcdef", min_size=1, max_size=8), st.integers(1, 9))
steps = st.sampled_from(["sending", "created", "refused"])
lines = st.builds(
    Line, st.sampled_from([TARGET, "another"]), keys.map(lambda key: key.row), st.integers(1, 9), steps
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("journal") / "rows.csv.shiftwire-import"


def is_answered(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with contextlib.suppress(Damaged):
        assert all(
            line.target == TARGET and line.key == key for key, line in read_steps(path, TARGET).items()
        )


@given(content=st.binary(max_size=80))
def test_any_bytes_are_steps_or_damaged(path: Path, content: bytes) -> None:
    is_answered(path, content + b"\n")


@given(written=st.lists(lines, min_size=1, max_size=4), at=st.integers(0), byte=st.integers(0, 255))
def test_a_damaged_journal_is_steps_or_damaged(path: Path, written: list[Line], at: int, byte: int) -> None:
    content = bytearray(b"".join(msgspec.json.encode(line) + b"\n" for line in written))
    content[at % len(content)] = byte
    is_answered(path, bytes(content))


@pytest.mark.parametrize("nested", [b'{"x":' + b"[" * 100_000 + b"\n", b"[" * 100_000 + b"\n"])
def test_what_is_nested_without_end_is_damaged(path: Path, nested: bytes) -> None:
    path.write_bytes(nested)
    with pytest.raises(Damaged):
        read_steps(path, TARGET)


@given(written=st.lists(st.tuples(keys, steps), max_size=6), half=st.binary(max_size=20))
def test_what_was_written_is_read_back_without_the_half_line_of_a_killed_process(
    path: Path, written: list[tuple[Key, str]], half: bytes
) -> None:
    path.unlink(missing_ok=True)
    with Journal(path, TARGET, sync=lambda _: None) as journal:
        for key, step in written:
            note(journal, key, step)
    with path.open("ab") as file:
        file.write(half.replace(b"\n", b""))
    assert {key: line.step for key, line in read_steps(path, TARGET).items()} == dict(written)


def note(journal: Journal, key: Key, step: str) -> None:
    if step == "sending":
        asyncio.run(journal.sending(key))
    elif step == "created":
        journal.created(key, 7)
    else:
        journal.refused(key)

"""Whatever a file holds, it becomes rows, each a body or with its mistakes, or is refused as a whole."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.imports.columns import BadColumns
from workers.imports.rows import Row, Unreadable, read
from workers.protime import ASSIGNMENT, CLOCKING, Body

NAMES = ["person.id", "date", "timeOfDayInMinutes", "kind", "reason.id", "from", "until", "comments"]
NAMES += ["startTimeInMinutes", "activityLevels", "activityLevels.0.level", "activityLevels[1].level"]
NAMES += [
    "activityLevels.level",
    "activityLevels.0.activityDefinition.id",
    "activityLevels.\u00b2",
    "activityLevels[\u0661].level",
]
NAMES += [
    "person.externalReferences.@a.b",
    "person",
    "",
    " ",
    "person..id",
    "activityLevels." + "9" * 5000 + ".level",
]
bodies = st.sampled_from([CLOCKING, ASSIGNMENT])
cells = st.sampled_from(
    ["1", "2026-03-10", "08:00", "-02:00", "InOut", "true", "1e5", "{}", "[[", "²", "٣"]
) | st.text(max_size=6)


def rows(folder: Path, content: bytes, body: Body) -> list[Row]:
    path = folder / "rows"
    path.write_bytes(content)
    try:
        return read(path, body)
    except (Unreadable, BadColumns):
        return []


def check(found: list[Row], body: Body) -> None:
    lines = [row.line for row in found]
    assert lines == sorted(set(lines))
    for row in found:
        assert all(row.mistakes)
        if not row.mistakes:
            body.check(row.body)
            msgspec.json.encode(row.body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rows")


@given(st.binary(max_size=120), bodies)
def test_any_bytes_are_rows_or_refused(folder: Path, content: bytes, body: Body) -> None:
    check(rows(folder, content, body), body)


@settings(max_examples=300)
@given(
    st.lists(st.sampled_from(NAMES) | st.text(max_size=6), min_size=1, max_size=4),
    st.lists(st.lists(cells, max_size=5)),
    bodies,
)
def test_any_table_is_rows_or_refused(
    folder: Path, names: list[str], table: list[list[str]], body: Body
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([names, *table])
    check(rows(folder, text.getvalue().encode("utf-8", "replace"), body), body)


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["id", "person", "date", "kind"]),
            st.none() | st.integers() | st.text() | st.just({"id": 1}),
        )
    ),
    bodies,
)
def test_any_json_lines_are_rows_or_mistakes(folder: Path, records: list[dict[str, Any]], body: Body) -> None:
    found = rows(folder, b"\n".join(map(msgspec.json.encode, records)), body)
    assert len(found) == len(records)
    check(found, body)

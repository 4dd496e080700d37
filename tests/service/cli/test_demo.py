from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.service.cli.commands import Answer, alive, children, command, environment, until


@contextmanager
def demo(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A demo whose temporary folder is below `folder`."""
    env, pipe = environment(TMPDIR=str(folder)), subprocess.PIPE
    process = subprocess.Popen(command("demo", *arguments), stdout=pipe, stderr=pipe, text=True, env=env)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        for stream in (process.stdout, process.stderr):
            assert stream
            stream.close()


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Answer, Path]:
    """Two demos at the same time with the same seed, one faster than the other, and the folder they worked in."""
    folder = tmp_path_factory.mktemp("demos")
    with (
        demo(folder, "--seconds", "8", "--seed", "1") as slow,
        demo(folder, "--seconds", "5", "--seed", "1") as fast,
    ):
        told = [process.communicate(timeout=90) for process in (slow, fast)]
    answers = [Answer(p.returncode, out, err) for p, (out, err) in zip((slow, fast), told, strict=True)]
    return answers[0], answers[1], folder


def actions(answer: Answer) -> list[str]:
    return [line for line in answer.out.splitlines() if re.match(r"\d\d:\d\d  ", line)]


def test_a_day_ends_well_and_says_so(demos: tuple[Answer, Answer, Path]) -> None:
    for answer in demos[:2]:
        assert (answer.code, answer.err) == (0, ""), answer.out[-2000:]
        assert answer.out.rstrip().splitlines()[-1].startswith("All good: the ledger balances")


def test_every_event_is_told_as_it_arrives_and_counted_in_the_end(demos: tuple[Answer, Answer, Path]) -> None:
    for answer in demos[:2]:
        told = [line for line in answer.out.splitlines() if line.startswith("    -> ")]
        counted = re.search(r"^events at the sink +(\d+) about", answer.out, re.MULTILINE)
        assert counted
        assert len(told) == int(counted[1]) > 50
        planned, delivered = re.search(r"^acme +planning +(\d+) +(\d+)", answer.out, re.MULTILINE).groups()  # type: ignore[union-attr]
        assert int(delivered) == len(told) <= int(planned)


def test_a_pipe_gets_no_colours(demos: tuple[Answer, Answer, Path]) -> None:
    assert "\x1b" not in demos[0].out


def test_the_same_seed_plays_the_same_day(demos: tuple[Answer, Answer, Path]) -> None:
    assert len(actions(demos[0])) > 50
    assert actions(demos[0]) == actions(demos[1])


def test_nothing_is_left_in_the_temporary_folder(demos: tuple[Answer, Answer, Path]) -> None:
    assert list(demos[2].iterdir()) == []


def test_ctrl_c_in_the_middle_ends_the_day_with_a_summary_and_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path, "--seed", "2") as process:
        family = once_told(process, "->")
        assert len(family) == 5
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "All good" in out
    assert not any(alive(pid) for pid in family)
    assert list(tmp_path.iterdir()) == []


def test_a_signal_before_the_day_began_leaves_nothing(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        until(lambda: len(children(process.pid)) == 5, 20, "all processes are started")
        family = children(process.pid)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (130, "")
    assert "stopped before the day began" in out
    assert not any(alive(pid) for pid in family)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_the_demo(tmp_path: Path) -> None:
    with demo(tmp_path) as process:
        family = once_told(process, "planned")
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 0
    assert not any(alive(pid) for pid in family)


def once_told(process: subprocess.Popen[str], words: str) -> list[int]:
    """Reads until a line has these words; the processes that run then."""
    assert process.stdout
    while words not in process.stdout.readline():
        assert process.poll() is None
    return children(process.pid)

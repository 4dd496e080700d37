from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from workers.sinks.file import FileOptions, FileSink, append, daily, lines

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC).timestamp()

#: Delivers batches without end and names each one that was acknowledged.
WRITER = """
import asyncio, sys
from pathlib import Path
from workers.events import Event
from workers.sinks.file import FileOptions, FileSink

async def main(folder, name, batches, size):
    sink = FileSink(name, FileOptions(type="file", path=Path(folder)))
    for number in range(batches):
        events = [Event(b'{"writer":"%s","batch":%d,"line":%d,"text":"%s"}' % (name.encode(), number, line, b"x" * size))
                  for line in range(3)]
        failures = await sink.deliver(events)
        assert not failures, failures
        print(number, flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
"""


def writer(folder, name, *, batches, size):
    arguments = [sys.executable, "-c", WRITER, str(folder), name, str(batches), str(size)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


@pytest.fixture
def sink(tmp_path):
    return FileSink("archive", FileOptions(type="file", path=tmp_path / "a" / "b"), clock=lambda: NOON)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a" / "b" / "events-2026-03-09.jsonl"


async def test_a_line_is_the_event_of_the_log(sink, file, make_event):
    events = [make_event(1), make_event(2)]
    assert await sink.deliver(events) == {}
    assert file.read_bytes() == events[0].json + b"\n" + events[1].json + b"\n"


async def test_each_utc_day_has_its_file(tmp_path, make_event):
    times = iter([NOON, NOON + 12 * 3600 - 0.001, NOON + 12 * 3600])
    sink = FileSink("archive", FileOptions(type="file", path=tmp_path), clock=lambda: next(times))
    for _ in range(3):
        await sink.deliver([make_event(1)])
    counts = {path.name: len(path.read_bytes().splitlines()) for path in tmp_path.iterdir()}
    assert counts == {"events-2026-03-09.jsonl": 2, "events-2026-03-10.jsonl": 1}


def test_the_day_is_that_of_utc(tmp_path):
    before_midnight = datetime.fromisoformat("2026-03-10T00:30:00+01:00").timestamp()
    assert daily(tmp_path, before_midnight).name == "events-2026-03-09.jsonl"


def test_an_event_with_line_breaks_is_still_one_line(make_event):
    pretty = type(make_event())(json.dumps(make_event().as_dict(), indent=2).replace("\n", "\r\n").encode())
    written = lines([pretty])
    assert written.count(b"\n") == 1
    assert json.loads(written) == pretty.as_dict()


async def test_the_file_is_not_for_everyone(sink, file, make_event):
    await sink.deliver([make_event(1)])
    assert file.stat().st_mode & 0o007 == 0


async def test_a_torn_line_is_closed_and_what_follows_is_whole(sink, file, make_event):
    await sink.deliver([make_event(1)])
    with file.open("ab") as torn:
        torn.write(make_event(2).json[:100])
    assert await sink.deliver([make_event(2)]) == {}
    first, broken, second = file.read_bytes().splitlines()
    assert (first, second) == (make_event(1).json, make_event(2).json)
    assert broken == make_event(2).json[:100]


async def test_a_killed_writer_costs_at_most_the_line_it_had_not_acknowledged(tmp_path, make_event):
    process = writer(tmp_path, "w", batches=100_000, size=300_000)
    acknowledged = [int(process.stdout.readline()) for _ in range(5)]
    os.kill(process.pid, signal.SIGKILL)
    acknowledged += [int(line) for line in process.communicate()[0].split()]
    assert await FileSink("archive", FileOptions(type="file", path=tmp_path)).deliver([make_event(1)]) == {}
    (file,) = tmp_path.iterdir()
    *earlier, last = file.read_bytes().splitlines()
    assert last == make_event(1).json
    whole = [json.loads(line) for line in earlier if line.endswith(b"}")]
    assert len(earlier) - len(whole) <= 1
    written = {(event["batch"], event["line"]) for event in whole}
    assert written >= {(batch, line) for batch in acknowledged for line in range(3)}


def test_writers_in_several_processes_tear_no_line(tmp_path):
    processes = [writer(tmp_path, name, batches=30, size=50_000) for name in ("a", "b", "c")]
    assert [process.communicate() and process.returncode for process in processes] == [0, 0, 0]
    (file,) = tmp_path.iterdir()
    events = [json.loads(line) for line in file.read_bytes().splitlines()]
    assert len(events) == 3 * 30 * 3
    for name in ("a", "b", "c"):
        order = [(event["batch"], event["line"]) for event in events if event["writer"] == name]
        assert order == sorted(order)


async def test_a_full_disk_is_a_matter_of_the_sink_and_named(sink, file, make_event):
    file.parent.mkdir(parents=True)
    file.symlink_to("/dev/full")
    failures = await sink.deliver([make_event(1), make_event(2)])
    assert {(failure.scope, failure.permanent) for failure in failures.values()} == {("sink", False)}
    assert set(failures) == {0, 1}
    assert "No space left on device" in failures[0].reason
    assert file.name in failures[0].reason


def test_what_a_full_disk_let_through_is_taken_back(tmp_path):
    """The limit on the size of files stands for the disk: the write ends in the middle."""
    script = f"""
import resource, signal
from pathlib import Path
from workers.sinks.file import append
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = Path({str(tmp_path / "f.jsonl")!r})
append(path, b"first\\n", 1)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    append(path, b"x" * 5000 + b"\\n", 1)
except OSError as error:
    print(error.strerror)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "File too large\n"
    assert (tmp_path / "f.jsonl").read_bytes() == b"first\n"


def test_nothing_to_append_makes_no_file(tmp_path):
    append(tmp_path / "f.jsonl", b"", 1)
    assert list(tmp_path.iterdir()) == []

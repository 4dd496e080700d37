"""JSON lines in a folder, one file a day (UTC, by the moment of writing). An event counts once it is on disk.

Several processes may write at the same time: a lock around one append keeps lines whole. What a killed process left
half written is closed by a line break, so that only that line, which was never acknowledged, is lost to a reader.
"""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from workers.events import Event
from workers.sinks.base import CLOSED, Failure, Look, SinkOptions
from workers.sinks.threads import Threads

#: How often a lock that another process holds is asked for again.
_LOCK_SECONDS: Final = 0.01
#: Appends at a time; they wait for each other at the file's lock.
_THREADS: Final = 4


class FileOptions(SinkOptions):
    type: Literal["file"]
    path: Path = Field(description="the folder; it is made when the first event comes")


class FileSink:
    """`clock`: Unix seconds."""

    def __init__(self, name: str, options: FileOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._name = name
        self._options = options
        self._clock = clock
        self._threads = Threads("file", _THREADS)
        self._closed = False

    def __repr__(self) -> str:
        return f"FileSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """All or none: the events are one append and one fsync."""
        if self._closed:
            return dict.fromkeys(range(len(events)), CLOSED)
        path = daily(self._options.path, self._clock())
        try:
            await self._threads.run(append, path, lines(events), self._options.timeout_seconds)
        except OSError as error:
            failure = Failure(f"{path}: {error.strerror or error}", scope="sink")
            return dict.fromkeys(range(len(events)), failure)
        return {}

    async def look(self) -> Look:
        path = daily(self._options.path, self._clock())
        try:
            await self._threads.run(try_out, path)
        except OSError as error:
            return Look(f"{error.filename or path}: cannot be written ({error.strerror or error})")
        return Look()

    async def close(self) -> None:
        # Nothing stays open between two deliveries: a file may be moved or deleted at any time.
        self._closed = True
        self._threads.close()


def daily(folder: Path, now: float) -> Path:
    return folder / f"events-{datetime.fromtimestamp(now, UTC):%Y-%m-%d}.jsonl"


def lines(events: Sequence[Event]) -> bytes:
    # A line break can only stand between the tokens of a JSON text, where a blank says the same.
    return b"".join(event.json.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n" for event in events)


def try_out(path: Path) -> None:
    """Raises `OSError` unless `append` could write there. Blocks. Leaves nothing behind.

    The folder is made with the first event: until then a file in the nearest one above it tells. By trying, as
    permissions say nothing of a file system that is read-only or full.
    """
    nearest = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
    if not nearest.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder", str(nearest))
    try:
        with tempfile.NamedTemporaryFile(dir=nearest, prefix=".shiftwire-check-") as file:
            file.write(b"\n")
            file.flush()
    except OSError as error:
        # Of the folder, not of a file that nobody knows.
        raise OSError(error.errno, "it takes no new file", str(nearest)) from error
    if path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC))


def append(path: Path, data: bytes, seconds: float) -> None:
    """Write and fsync, whole or not at all. Blocks. Raises `OSError`, a `TimeoutError` when the lock is not given."""
    if not data:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    with _locked(path, seconds) as file:
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        try:
            _write_all(file, b"\n" + data if torn else data)
            os.fsync(file)
        except OSError:
            _take_back(file, size)
            raise
    if size == 0:
        _sync_folder(path.parent)


@contextmanager
def _locked(path: Path, seconds: float) -> Iterator[int]:
    # Readable by the group for whatever ships the files on; not by all, they tell of people.
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _lock(file, time.monotonic() + seconds)
        yield file
    finally:
        # Closing gives the lock back.
        os.close(file)


def _lock(file: int, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise TimeoutError(errno.ETIMEDOUT, "another process holds the lock") from None
            time.sleep(_LOCK_SECONDS)


def _write_all(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _take_back(file: int, size: int) -> None:
    """Cut off what a full disk let through; where that fails as well, the next append closes the torn line."""
    try:
        os.ftruncate(file, size)
    except OSError:
        return


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

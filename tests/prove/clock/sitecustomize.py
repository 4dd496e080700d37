"""A clock that can be moved from outside while a process runs: Python imports this module by itself when it starts.

The directory named in `SHIFTWIRE_PROVE_CLOCK` holds a file for each process whose clock is wrong, named after its process id:
the seconds by which it is ahead (a negative number: behind). Monotonic clocks go on as they are, as in reality.
"""

from __future__ import annotations

import ctypes
import gc
import os
import time
from datetime import UTC, datetime, tzinfo
from pathlib import Path

_real, _real_ns = time.time, time.time_ns
#: The file is looked at this often.
_LOOK_SECONDS = 0.05


class Offset:
    """Seconds to add to the true time."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._look_at, self._read_at, self._seconds = 0.0, 0, 0.0

    def __call__(self) -> float:
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_SECONDS
            self._look()
        return self._seconds

    def _look(self) -> None:
        file = self._directory / str(os.getpid())
        try:
            changed = file.stat().st_mtime_ns
        except FileNotFoundError:
            self._read_at, self._seconds = 0, 0.0
            return
        if changed != self._read_at:
            self._read_at, self._seconds = changed, float(file.read_text(encoding="ascii"))


def install(offset: Offset) -> None:
    """`datetime` keeps its type, which compiled code compares: the two methods that ask for the time are put into it."""
    time.time = lambda: _real() + offset()
    time.time_ns = lambda: _real_ns() + int(offset() * 1e9)

    def now(cls: type[datetime], tz: tzinfo | None = None) -> datetime:
        return cls.fromtimestamp(time.time(), tz)

    def utcnow(cls: type[datetime]) -> datetime:
        return cls.fromtimestamp(time.time(), UTC).replace(tzinfo=None)

    # A type of the C library cannot be given attributes; the dictionary behind its view can.
    (attributes,) = gc.get_referents(vars(datetime))
    attributes.update(now=classmethod(now), utcnow=classmethod(utcnow))
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))


if _directory := os.environ.get("SHIFTWIRE_PROVE_CLOCK"):
    install(Offset(Path(_directory)))

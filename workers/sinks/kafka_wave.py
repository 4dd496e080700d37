"""Messages sent together, and what became of each."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

from workers.sinks.kafka_verdicts import Report

_NOT_REPORTED = Report("_TIMED_OUT", "timed out")


class Wave:
    """Made inside the event loop that waits for it. `reports` has None for what was acknowledged."""

    def __init__(self, size: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._left = size
        self._done = self._loop.create_future()
        self.started = time.monotonic()
        self.reports: list[Report | None] = [_NOT_REPORTED] * size
        if not size:
            self._finish()

    def report(self, index: int, report: Report | None) -> None:
        """Once for each message, from any thread."""
        self.reports[index] = report
        with self._lock:
            self._left -= 1
            is_last = not self._left
        if is_last:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                self._loop.call_soon_threadsafe(self._finish)

    def left_until(self, deadline: float) -> float:
        """Seconds until a deadline of the loop's clock; 0 when it has passed."""
        return max(0.0, deadline - self._loop.time())

    async def over(self, seconds: float) -> bool:
        """Whether all reports came within so many seconds."""
        await asyncio.wait([self._done], timeout=seconds)
        return self._done.done()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

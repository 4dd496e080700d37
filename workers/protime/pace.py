"""A rate limit for one process: requests are spread so that no minute has more than its share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

#: This part of a minute's share may go at once, and the rest evenly.
_BURST = 0.1


class Pace:
    """At most `per_minute` requests in any minute. Whoever comes first goes first; a pause is waited for."""

    def __init__(
        self,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        burst = max(1, int(per_minute * _BURST))
        self._interval = 60.0 / max(1, per_minute - burst)
        self._ahead = (burst - 1) * self._interval
        self._clock = clock
        self._sleep = sleep
        self._next_at = float("-inf")

    async def acquire(self) -> None:
        now = self._clock()
        at = max(self._next_at, now - self._ahead)
        self._next_at = at + self._interval
        if at > now:
            await self._sleep(at - now)

    async def pause(self, seconds: float) -> None:
        """Nothing is sent for so long, in seconds: Protime asked for it."""
        self._next_at = max(self._next_at, self._clock() + seconds)

"""The time that all processes share: that of the store.

What one worker writes down as "not before" another one reads: with a clock that is an hour ahead it would keep all of them
waiting for an hour, and its signatures would be refused. So workers and schedulers follow the clock of Redis, and their own
says only how much time has passed since.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

_FOLLOW_SECONDS = 5.0
#: Two readings of one clock differ by less. What is dated further ahead was dated before the store's clock was set back.
SKEW_SECONDS = 2.0
#: An answer that took longer says too little about when it was given.
_SLOWEST_SECONDS = 0.5


class Clock:
    """The machine's own time until it has been told another."""

    def __init__(self) -> None:
        self._ahead: float | None = None

    def time(self) -> float:
        """Unix seconds."""
        return time.time() if self._ahead is None else time.monotonic() + self._ahead

    def told(self, unix: float, asked: float, answered: float) -> None:
        """The store's time, asked for and answered at these readings of `time.monotonic`."""
        if answered - asked <= _SLOWEST_SECONDS:
            self._ahead = unix - (asked + answered) / 2


SHARED = Clock()


def now() -> float:
    """Unix seconds by the shared clock."""
    return SHARED.time()


def now_ms() -> int:
    return int(now() * 1000)


def moment() -> datetime:
    """The same, as an aware time."""
    return datetime.fromtimestamp(now(), UTC)


async def follow(redis: Redis, clock: Clock = SHARED) -> None:
    """Asks once. Raises `redis.exceptions.RedisError`."""
    asked = time.monotonic()
    seconds, microseconds = await redis.time()
    clock.told(seconds + microseconds / 1_000_000, asked, time.monotonic())


class Follower:
    """Keeps the shared clock at the store's time."""

    def __init__(self, redis: Redis, unavailable: tuple[type[Exception], ...]) -> None:
        """`unavailable`: what the store raises while it is away; the monotonic clock goes on then."""
        self._redis = redis
        self._unavailable = unavailable
        self._stopped = False

    def stop(self) -> None:
        """Ends `keep` for certain, with a cancellation: redis-py swallows one now and then."""
        self._stopped = True

    async def keep(self) -> None:
        while not self._stopped:
            with suppress(*self._unavailable):
                await follow(self._redis)
            if not self._stopped:
                await asyncio.sleep(_FOLLOW_SECONDS)

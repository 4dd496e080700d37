"""One reading for all who ask at the same time, however many they are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """`read` has at most `seconds`; what it gave is given for `fresh` seconds more. A failure is told to those who waited for it."""

    def __init__(self, read: Callable[[], Awaitable[T]], *, seconds: float, fresh: float = 0.0) -> None:
        self._read = read
        self._seconds = seconds
        self._fresh = fresh
        self._until = 0.0
        self._reading: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Raises what `read` raises, and `TimeoutError`."""
        if self._reading is None or (self._reading.done() and time.monotonic() >= self._until):
            self._reading = asyncio.create_task(self._limited())
            self._reading.add_done_callback(_heard)
        # Whoever goes away does not take the answer from the others.
        return await asyncio.shield(self._reading)

    async def _limited(self) -> T:
        async with asyncio.timeout(self._seconds):
            found = await self._read()
        self._until = time.monotonic() + self._fresh
        return found


def _heard(reading: asyncio.Task[T]) -> None:
    """There may be nobody left to hear of a failure."""
    if not reading.cancelled():
        reading.exception()

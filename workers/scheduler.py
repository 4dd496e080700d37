"""The scheduler: wakes what is due. It does no work itself, and a second one beside it changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from workers.store.connect import UNAVAILABLE

log = structlog.get_logger()

Send = Callable[[], None]
SWEEP_SECONDS = 0.5


@dataclass
class Timer:
    """`send` is called every `seconds`, the first time at once."""

    name: str
    seconds: float
    send: Send
    due: float = 0.0


class Scheduler:
    """Timers for what happens every so often, and the sweep for what waits in the store."""

    def __init__(self, timers: list[Timer], sweep: Callable[[], Awaitable[list[Send]]]) -> None:
        self._timers = timers
        self._sweep = sweep
        self._stop = asyncio.Event()

    def stop(self) -> None:
        self._stop.set()

    async def run(self) -> None:
        """Until `stop` is called. An unreachable store is waited for."""
        while not self._stop.is_set():
            try:
                await self._round(time.monotonic())
            except UNAVAILABLE as error:
                log.warning("store unreachable, trying again", error=str(error))
            except Exception:
                log.exception("a round of the scheduler failed, the next one follows")
            try:
                await asyncio.wait_for(self._stop.wait(), SWEEP_SECONDS)
            except TimeoutError:
                continue

    async def _round(self, now: float) -> None:
        for timer in self._timers:
            if timer.due <= now:
                await asyncio.to_thread(timer.send)
                timer.due = now + timer.seconds
        for send in await self._sweep():
            await asyncio.to_thread(send)

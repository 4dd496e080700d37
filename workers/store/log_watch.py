"""Tells all who follow the event log that it grew: one connection of a process waits, however many they are.

It waits inside Redis (XREAD BLOCK), not for a clock. Under load the log is looked at every few milliseconds at most, and
what came meanwhile is told of together.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from redis.asyncio import Redis

from workers.store.connect import UNAVAILABLE
from workers.store.event_pages import EventPages, Heads

log = structlog.get_logger()

#: Shorter than the client waits for any answer.
_BLOCK_MS = 1000
_GAP_SECONDS = 0.02
#: The more follow, the rarer they are told: most of the time stays for the receiver in the same process.
_GAP_PER_FOLLOWER = 0.001
_AGAIN_SECONDS = 0.25


class LogWatch:
    """`redis` is a client of its own: its connection is nearly always busy with waiting.

    `heads` is where the log ended when last looked at, `moved` is set when that changed, and replaced by a new one.
    """

    def __init__(self, pages: EventPages, redis: Redis) -> None:
        self._pages = pages
        self._redis = redis
        self._followers = 0
        self._followed = asyncio.Event()
        self._away = False
        self._looked = 0.0
        self.heads: Heads = {}
        self.moved = asyncio.Event()
        #: Goes up when the log ends earlier than it did: the store was set back, and positions mean nothing any more.
        self.setbacks = 0

    @contextmanager
    def followed(self) -> Iterator[None]:
        """While anybody is inside, the log is watched."""
        self._followers += 1
        self._followed.set()
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers:
                self._followed.clear()
                self.heads = {}  # of no use until somebody looks again

    async def keep(self) -> None:
        """Runs for the life of the process."""
        while True:
            await self._followed.wait()
            try:
                await self._wait_for_more(await self._look())
            except UNAVAILABLE as error:
                if not self._away:
                    log.warning("store unreachable, event streams wait", error=str(error))
                self._away = True
                await asyncio.sleep(_AGAIN_SECONDS)
            except Exception:
                # A watch that died would leave streams that live and tell nothing.
                log.exception("watching the event log failed, trying again")
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                self._away = False

    async def _look(self) -> Heads:
        gap = max(_GAP_SECONDS, self._followers * _GAP_PER_FOLLOWER)
        await asyncio.sleep(self._looked + gap - time.monotonic())
        heads, before = await self._pages.heads(), self.heads
        self._looked = time.monotonic()
        if heads != before:
            self.setbacks += any(heads.get(p, 0) < number for p, number in before.items())
            self.heads = heads
            moved, self.moved = self.moved, asyncio.Event()
            moved.set()
        return heads

    async def _wait_for_more(self, heads: Heads) -> None:
        ends: dict[Any, Any] = {p.events: f"{number}-0" for p, number in heads.items()}
        await self._redis.xread(ends, count=1, block=_BLOCK_MS)

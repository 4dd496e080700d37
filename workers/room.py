"""A first load goes on as the sinks keep up with it: what is live stands behind few of its events.

The gate gives way to live traffic by the order in which it reads. A lane cannot: it takes the events of a partition in their order, and a
load writes several times as many in a second as a sink takes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final

from workers.first_loads import Way
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts

#: So many events a lane may have before it.
MOST_BEFORE_IT: Final = 100
#: A sink that takes a few events a second must not keep the others from the load, nor its paging token alive for hours.
LONGEST_SECONDS: Final = 5.0
#: A lane that has stood still for so long waits for its sink: it may be away for hours, and the others want the load.
_STILL_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.02
_AT_ONCE: Final = 500


class Room:
    """`sinks`: their names. Raises `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts, inbox: Inbox, sinks: Iterable[str]) -> None:
        self._redis = scripts.redis
        self._inbox = inbox
        self._sinks = tuple(sinks)
        self._moved: dict[tuple[Partition, str], tuple[int, float]] = {}

    async def wait(self, tenant: str) -> None:
        """Returns when no lane that gets on has too much before it, or after `LONGEST_SECONDS`."""
        until = time.monotonic() + LONGEST_SECONDS
        while await self._crowded(tenant) and time.monotonic() < until:  # noqa: ASYNC110  # other processes move the cursors
            await asyncio.sleep(_LOOK_SECONDS)

    async def _crowded(self, tenant: str) -> bool:
        partitions, pipe = self._inbox.all(tenant), self._redis.pipeline(transaction=False)
        for partition in partitions:
            pipe.hget(partition.counts, "applied")
            for sink in self._sinks:
                pipe.get(partition.of_sink("cursor", sink))
        numbers = [int(answer or 0) for answer in await pipe.execute()]
        crowded, width = False, 1 + len(self._sinks)
        for at, partition in enumerate(partitions):
            applied, *cursors = numbers[at * width : (at + 1) * width]
            for sink, cursor in zip(self._sinks, cursors, strict=True):
                gets_on = self._gets_on((partition, sink), cursor)
                crowded = crowded or (gets_on and applied - cursor > MOST_BEFORE_IT)
        return crowded

    def _gets_on(self, lane: tuple[Partition, str], cursor: int) -> bool:
        now = time.monotonic()
        at, since = self._moved.get(lane, (-1, now))
        if at != cursor:
            self._moved[lane] = (cursor, now)
            return True
        return now - since < _STILL_SECONDS


class Paced:
    """A way that is taken a part at a time, when there is room for it.

    A part that made no events, because its records are known, took no room: a walk over what is there already runs through.
    """

    def __init__(self, way: Way, room: Room) -> None:
        self._way = way
        self._room = room
        self._made: dict[str, int] = {}

    async def take(self, tenant: str, found: Sequence[Arrival]) -> int:
        made = 0
        for start in range(0, len(found), _AT_ONCE):
            if self._made.get(tenant):
                await self._room.wait(tenant)
            self._made[tenant] = await self._way.take(tenant, found[start : start + _AT_ONCE])
            made += self._made[tenant]
        return made

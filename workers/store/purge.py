"""Retention: what is older than it may be goes, and each purge is counted. Nothing that is still to be delivered goes."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from redis.asyncio import Redis

from workers.events import Event
from workers.store.inbox import Inbox
from workers.store.keys import Partition

log = structlog.get_logger()

_DAY_MS = 86_400_000
_PAGE = 500


class Purge:
    """`days` maps `events`, `journal`, `dead` and `deliveries` to how long they are kept."""

    def __init__(self, redis: Redis, inbox: Inbox, days: Mapping[str, int], sinks: Iterable[str]) -> None:
        self._redis = redis
        self._inbox = inbox
        self._days = days
        self._sinks = tuple(sinks)

    async def tenant(self, tenant: str) -> None:
        for partition in self._inbox.all(tenant):
            await self._journals(partition)
            await self._events(partition)

    async def _journals(self, p: Partition) -> None:
        await self._trim(p, p.journal, "journal")
        await self._trim(p, p.dead, "dead")
        for sink in self._sinks:
            await self._trim(p, p.of_sink("deliveries", sink), "deliveries")

    async def _trim(self, partition: Partition, key: str, kind: str) -> None:
        """These streams carry the time in their ids."""
        oldest = int(time.time() * 1000) - self._days[kind] * _DAY_MS
        gone = await self._redis.xtrim(key, minid=f"{max(oldest, 0)}-0", approximate=False)
        await self._count(partition, kind, gone)

    async def _events(self, partition: Partition) -> None:
        """Events are numbered: the first to keep is found by its time, and no sink must still need what goes."""
        keep_ms = int(time.time() * 1000) - self._days["events"] * _DAY_MS
        needed = await self._needed(partition)
        number = 0
        while rows := await self._redis.xrange(partition.events, f"({number}-0", "+", count=_PAGE):
            for id_, fields in rows:
                candidate = int(id_.partition(b"-")[0])
                if candidate >= needed or _ms(Event(fields[b"e"])) >= keep_ms:
                    gone = await self._redis.xtrim(partition.events, minid=f"{candidate}-0", approximate=False)
                    await self._count(partition, "events", gone)
                    return
                number = candidate

    async def _needed(self, p: Partition) -> int:
        """The oldest event number that some sink still has to get. The newest event always stays: it numbers the next."""
        needed = [int(await self._redis.hget(p.counts, "applied") or 0)]
        for sink in self._sinks:
            needed.append(int(await self._redis.get(p.of_sink("cursor", sink)) or 0) + 1)
            for value in await self._redis.hvals(p.of_sink("parked", sink)):
                needed.append(int(value.split(b" ", 2)[2].split(b",", 1)[0]))
        return min(needed)

    async def _count(self, partition: Partition, kind: str, gone: int) -> None:
        if gone:
            await self._redis.hincrby(partition.counts, f"purged:{kind}", gone)
            log.info("purged", partition=str(partition), kind=kind, entries=gone)


def _ms(event: Event) -> float:
    return datetime.fromisoformat(event.head.time).timestamp() * 1000

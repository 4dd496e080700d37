"""Retention: what is older than it may be goes, and each purge is counted. Nothing that is still to be delivered goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import cast

import structlog
from redis.asyncio import Redis

from workers.clock import now_ms
from workers.events import Event
from workers.store.former_sinks import former_sinks
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.streams import number, walk

log = structlog.get_logger()

_DAY_MS = 86_400_000
#: What is dated further ahead than this was dated by a clock that was ahead.
_SKEW_MS = 60_000


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
        for sink in (*self._sinks, *await former_sinks(self._redis, p, self._sinks)):
            await self._trim(p, p.of_sink("deliveries", sink), "deliveries")

    async def _trim(self, partition: Partition, key: str, kind: str) -> None:
        """These streams carry the time in their ids."""
        oldest = now_ms() - self._days[kind] * _DAY_MS
        gone = await self._redis.xtrim(key, minid=f"{max(oldest, 0)}-0", approximate=False)
        await self._count(partition, kind, gone)

    async def _events(self, partition: Partition) -> None:
        """Events are numbered: the first to keep is found by its time, and no sink must still need what goes."""
        first = await self._first_to_keep(partition.events, await self._needed(partition))
        if first:
            gone = await self._redis.xtrim(partition.events, minid=first, approximate=False)
            await self._count(partition, "events", gone)

    async def _first_to_keep(self, log_key: str, needed: int) -> str:
        """An entry id. One that is dated in the future, since the store's clock was ahead, is as old as what follows it."""
        latest_ms = now_ms() + _SKEW_MS
        keep_ms = now_ms() - self._days["events"] * _DAY_MS
        undated = ""
        async for id_, fields in walk(self._redis, log_key):
            dated_ms = _ms(Event(fields[b"e"]))
            if int(id_.partition("-")[0]) >= needed or keep_ms <= dated_ms <= latest_ms:
                return undated or id_
            undated = (undated or id_) if dated_ms > latest_ms else ""
        return ""

    async def _needed(self, p: Partition) -> int:
        """The oldest event number that some sink still has to get. The newest event always stays: it numbers the next."""
        needed = [await number(self._redis, p.counts, "applied")]
        for sink in self._sinks:
            needed.append(await number(self._redis, p.of_sink("cursor", sink)) + 1)
            parked = cast("list[bytes]", await self._redis.hvals(p.of_sink("parked", sink)))
            needed += [int(value.split(b" ", 2)[2].split(b",", 1)[0]) for value in parked]
        return min(needed)

    async def _count(self, partition: Partition, kind: str, gone: int) -> None:
        if gone:
            await self._redis.hincrby(partition.counts, f"purged:{kind}", gone)
            log.info("purged", partition=str(partition), kind=kind, entries=gone)


def _ms(event: Event) -> float:
    return datetime.fromisoformat(event.head.time).timestamp() * 1000

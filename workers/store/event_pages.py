"""Pages of the event log over all partitions, from a position on.

Of one partition events come in the order of their numbers, so those of one resource keep their order within a page and
from page to page. Between partitions a page is sorted by time, roughly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from heapq import merge

from redis.asyncio import Redis

from workers.events import Event
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.log import Found
from workers.store.position import Position

#: So many entries are looked at for one page at most, wanted or not.
SCANNED = 5000
#: So many are taken from the store at a time: the receiver, in the same process, waits while they are looked through.
_AT_ONCE = 500

#: The number of the newest event of each partition.
Heads = Mapping[Partition, int]
#: What to read of each partition: after a number, up to a number.
Spans = Mapping[Partition, tuple[int, int]]
Entries = Mapping[Partition, list[Found]]


@dataclass(frozen=True)
class Wanted:
    """Which partitions to look into, and which of their events to tell."""

    partitions: Callable[[Heads], Iterable[Partition]]
    event: Callable[[Event], bool]


@dataclass(frozen=True)
class Page:
    """The events in their order, and where to read on. With `more`, there is more behind it, wanted or not."""

    found: list[Found]
    after: Position
    more: bool


class EventPages:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis, inbox: Inbox, tenants: Iterable[str]) -> None:
        self._redis = redis
        self._partitions = [p for tenant in tenants for p in inbox.all(tenant)]
        self._reads: dict[Hashable, asyncio.Task[Entries]] = {}

    async def heads(self) -> dict[Partition, int]:
        """Where the log ends now."""
        pipe = self._redis.pipeline(transaction=False)
        for partition in self._partitions:
            pipe.hget(partition.counts, "applied")
        return {p: int(n or 0) for p, n in zip(self._partitions, await pipe.execute(), strict=True)}

    async def page(self, start: Position, heads: Heads, wanted: Wanted, limit: int) -> Page:
        """At most `limit` events behind `start`, none of them beyond `heads`."""
        position, found, scanned, share = start.copy(), list[Found](), 0, 1
        ends = {p: heads[p] for p in wanted.partitions(heads)}
        while len(found) < limit and scanned < SCANNED and (behind := _behind(position, ends)):
            chosen = behind[:_AT_ONCE]
            share = min(max(share, -(-(limit - len(found)) // len(chosen))), _AT_ONCE // len(chosen) or 1)
            some = await self._read({p: (position.of(p), ends[p]) for p in chosen}, share)
            scanned += max(1, sum(map(len, some.values())))
            _skip_what_is_gone(some, position, ends)
            _take(some, position, wanted.event, found, limit)
            share *= 2  # little was wanted: look at more at a time
        return Page(found, position, more=bool(_behind(position, ends)))

    async def _read(self, spans: Spans, count: int) -> Entries:
        """Those who want the same at the same moment, as all who follow the log do, share one answer."""
        key = (tuple(spans.items()), count)
        if key not in self._reads:
            self._reads[key] = asyncio.create_task(self._fetch(spans, count))
            self._reads[key].add_done_callback(lambda read: self._forget(key, read))
        return await asyncio.shield(self._reads[key])

    def _forget(self, key: Hashable, read: asyncio.Task[Entries]) -> None:
        del self._reads[key]
        if not read.cancelled():
            read.exception()  # is told to those who wait; perhaps all of them went away

    async def _fetch(self, spans: Spans, count: int) -> Entries:
        """Of each partition the first events of a span."""
        pipe = self._redis.pipeline(transaction=False)
        for partition, (after, last) in spans.items():
            pipe.xrange(partition.events, f"({after}-0", f"{last}-0", count=count)
        answers = await pipe.execute()
        return {
            p: [Found(p, int(id_.partition(b"-")[0]), Event(fields[b"e"])) for id_, fields in rows]
            for p, rows in zip(spans, answers, strict=True)
        }


def ahead(position: Position, heads: Heads) -> bool:
    """Whether it saw what the log does not hold: it is of another log, or the store was set back."""
    return any(position.of(p) > head for p, head in heads.items())


def at_end(position: Position, heads: Heads) -> Position:
    """The position behind everything."""
    end = position.copy()
    for partition, head in heads.items():
        end.move(partition, head)
    return end


def _behind(position: Position, ends: Heads) -> list[Partition]:
    """The partitions that have more, those with little first: none waits long for another one's flood."""
    lags = {p: end - position.of(p) for p, end in ends.items()}
    return sorted((p for p, lag in lags.items() if lag > 0), key=lags.__getitem__)


def _skip_what_is_gone(some: Entries, position: Position, ends: Heads) -> None:
    """Where nothing is left up to the end, retention has taken it."""
    for partition, entries in some.items():
        if not entries:
            position.move(partition, ends[partition])


def _take(
    some: Entries,
    position: Position,
    wanted: Callable[[Event], bool],
    found: list[Found],
    limit: int,
) -> None:
    """Moves the position over what is looked at, until there are enough."""
    for entry in merge(*some.values(), key=lambda f: f.event.head.time):
        if len(found) == limit:
            return
        position.move(entry.partition, entry.number)
        if wanted(entry.event):
            found.append(entry)

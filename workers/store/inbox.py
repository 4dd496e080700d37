"""The inbox: what was accepted and is not decided yet. Redis Streams of each partition.

`inbox` holds what can be decided now; `inbox:<collection>` holds notifications that wait for a pull of their delta. The
fields of `through` tell which of these there are, also when a collection is not configured any more.

Every channel (webhook, delta, sync, reconcile) enters here, so received changes are counted in one place and pass one gate. Only
records of a first load that nothing is known of go past it (`workers.first_loads`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

import msgspec

from workers.store.keys import Partition, partition_of
from workers.store.leases import LEASE_MS
from workers.store.scripts import Argument, Call, Scripts
from workers.store.streams import rows

#: How long a wake-up mark keeps further wake-ups away; a lost wake-up costs at most this long.
WOKEN_MS = 1000
#: Names the inbox of what may wait behind live traffic: first loads and reconciliation.
BULK = "@bulk"
#: So many bulk entries are taken along when a partition's live ones are read.
_BULK_AT_ONCE = 250
_BULK_BACKLOG = 8000
_ROOM_SECONDS = 0.02
#: What a `changeVersion` may look like: opaque, compared as text (protime-api 7). The state keeps it between blanks.
VERSION = msgspec.Meta(max_length=64, pattern=r"^[!-~]*\Z")
#: Stands where a record has no id that could be understood; such a change is rejected.
NO_ID = "-"


class BacklogFull(Exception):
    """A partition's inbox is at its limit; nothing was appended to it."""


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A change to append. `resource` is `collection/id`, `data` the resource as Protime gave it (JSON)."""

    resource: str
    version: str
    deleted: bool
    data: bytes


class Entry(msgspec.Struct, frozen=True, gc=False):
    """A change in the inbox. `id` is `[collection:]milliseconds of arrival-number`.

    `told_ms` is set when another entry told of the same state before (Unix milliseconds); `channel` is how this one came
    when `origin` says how its state was told first.
    """

    id: str
    resource: str
    version: str
    deleted: bool
    origin: str
    data: bytes
    told_ms: int | None = None
    channel: str = ""

    @property
    def arrived_ms(self) -> int:
        if self.told_ms is not None:
            return self.told_ms
        return self.arrived[0]

    @property
    def arrived(self) -> tuple[int, int]:
        """When it went into the inbox: in a partition they follow each other."""
        milliseconds, _, number = self.id.rpartition(":")[2].partition("-")
        return int(milliseconds), int(number or "0")


class Stored(msgspec.Struct, frozen=True, gc=False):
    """What the gate last let through for a resource. `number` is the number of its event in the partition's log."""

    version: str
    deleted: bool
    number: int
    body: bytes


@dataclass(frozen=True)
class Batch:
    """Undecided entries with the stored state of their resources; `after` is where to read on, "" at the end."""

    entries: list[Entry]
    states: dict[str, Stored]
    after: str


class Inbox:
    """Appends and reads; all methods raise `redis.exceptions.RedisError` when the store does not take the command.

    `waiting` maps a tenant to its collections: True for those whose notifications wait for a delta pull.
    """

    def __init__(
        self,
        scripts: Scripts,
        *,
        partitions: int,
        max_backlog: int,
        waiting: Mapping[str, Mapping[str, bool]],
    ) -> None:
        self._scripts = scripts
        self._partitions = partitions
        self._max_backlog = max_backlog
        self._waiting = waiting

    def partition(self, tenant: str, resource: str) -> Partition:
        return Partition(tenant, partition_of(resource, self._partitions))

    def all(self, tenant: str) -> list[Partition]:
        return [Partition(tenant, number) for number in range(self._partitions)]

    def waits(self, tenant: str, collection: str) -> bool:
        """Whether notifications wait for a pull. Of a collection that is not configured: for a worker that knows it."""
        return self._waiting.get(tenant, {}).get(collection, True)

    def notify_call(self, partition: Partition, collection: str, arrivals: Iterable[Arrival]) -> Call:
        """The call that appends notifications. It answers 1: wake somebody, 0, or -1: the backlog is full."""
        waits = self.waits(partition.tenant, collection)
        inbox = partition.waiting(collection) if waits else partition.inbox
        woken = partition.woken_for(collection) if waits else partition.woken
        # The pull of a delta has a lock of its own, outside the partition: here a key stands in that is never set.
        lease = f"{woken}:lease" if waits else partition.lease
        keys = (inbox, partition.counts, woken, lease, *((partition.through,) if waits else ()))
        return Call("append", keys, _append(self._max_backlog, "webhook", arrivals))

    async def append(
        self, tenant: str, origin: str, arrivals: Sequence[Arrival], *, bulk: bool = False
    ) -> set[Partition]:
        """Appends what was fetched to the partitions it belongs to, and returns those. No backlog limit.

        With `bulk` it waits behind live traffic.
        """
        split: dict[Partition, list[Arrival]] = {}
        for arrival in arrivals:
            split.setdefault(self.partition(tenant, arrival.resource), []).append(arrival)
        calls = [
            Call(
                "append",
                (p.waiting(BULK) if bulk else p.inbox, p.counts, p.woken, p.lease),
                _append(0, origin, some),
            )
            for p, some in split.items()
        ]
        for answer in await self._scripts.run_many(calls) if calls else ():
            if isinstance(answer, Exception):
                raise answer
        return set(split)

    async def read(
        self, partition: Partition, token: str, *, after: str = "-", most: int = 500
    ) -> Batch | None:
        """Undecided entries after an entry id ("-": from the start); None when another worker holds the partition."""
        waiting = {BULK: False, **self._waiting.get(partition.tenant, {})}
        fixed = (partition.inbox, partition.lease, partition.woken, partition.state, partition.through)
        flags = [flag for name, waits in waiting.items() for flag in (name, "1" if waits else "0")]
        keys = (*fixed, *(partition.waiting(name) for name in waiting))
        answer = await self._scripts.run(
            "read_inbox", keys, token, LEASE_MS, after, most, _BULK_AT_ONCE, *flags
        )
        return None if answer is None else _batch(most, *answer)

    async def bulk_backlog(self, tenant: str) -> int:
        """How much waits behind live traffic, in all partitions."""
        pipe = self._scripts.redis.pipeline(transaction=False)
        for partition in self.all(tenant):
            pipe.xlen(partition.waiting(BULK))
        return sum(await pipe.execute())

    async def room(self, tenant: str) -> None:
        """Returns when the bulk inbox is short again: the memory of a first load does not grow with its size."""
        while await self.bulk_backlog(tenant) > _BULK_BACKLOG:  # noqa: ASYNC110  # others empty it
            await asyncio.sleep(_ROOM_SECONDS)

    async def leave(self, partition: Partition, token: str) -> bool:
        """Gives the lease back; True when there is more to read from the start, and the lease is kept."""
        call = self.leave_call(partition, token)
        return bool(await self._scripts.run(call.script, call.keys, *call.args))

    def leave_call(self, partition: Partition, token: str) -> Call:
        """`leave` as a call that can ride with others."""
        return Call("leave", (partition.lease, partition.woken), (token,))

    async def unconfigured(self, partition: Partition) -> list[str]:
        """The collections for which notifications may wait here, and which are not configured."""
        names = cast("list[bytes]", await self._scripts.redis.hkeys(partition.through))
        return sorted({name.decode() for name in names} - set(self._waiting.get(partition.tenant, ())))

    async def waiting(self, partition: Partition, collection: str, most: int = 500) -> list[Entry]:
        """The oldest notifications that wait for a collection."""
        found = await rows(self._scripts.redis, partition.waiting(collection), count=most)
        return [
            _entry(f"{collection}:{id_.decode()}".encode(), list(chain.from_iterable(fields.items())))
            for id_, fields in found
        ]

    async def waiting_marks(self, tenant: str, collection: str) -> dict[Partition, str]:
        """The newest waiting notification of each partition; from now on, newer ones call for another pull."""
        pipe = self._scripts.redis.pipeline(transaction=False)
        partitions = self.all(tenant)
        for partition in partitions:
            pipe.delete(partition.woken_for(collection))
            pipe.xrevrange(partition.waiting(collection), count=1)
        found = (await pipe.execute())[1::2]
        return {p: rows[0][0].decode() for p, rows in zip(partitions, found, strict=True) if rows}

    async def pulled_through(self, collection: str, marks: Mapping[Partition, str]) -> None:
        """Lets waiting notifications up to these go on: a delta pull that began after them is committed."""
        pipe = self._scripts.redis.pipeline(transaction=False)
        for partition, entry in marks.items():
            pipe.hset(partition.through, collection, entry)
        await pipe.execute()


def _append(most: int, origin: str, arrivals: Iterable[Arrival]) -> list[Argument]:
    args: list[Argument] = [most, WOKEN_MS, origin]
    for a in arrivals:
        args += (a.resource, a.version, "1" if a.deleted else "0", a.data)
    return args


def _batch(most: int, entries: list[Any], waiting: list[Any], states: list[Any]) -> Batch:
    found = [_entry(id_, fields) for id_, fields in entries]
    for collection, some in zip(waiting[::2], waiting[1::2], strict=True):
        found += [_entry(b"%s:%s" % (collection, id_), fields) for id_, fields in some]
    return Batch(
        entries=found,
        states={
            k.decode(): stored(v) for k, v in zip(states[::2], states[1::2], strict=True) if v is not None
        },
        after=entries[-1][0].decode() if len(entries) == most else "",
    )


def _entry(id_: bytes, f: list[bytes]) -> Entry:
    return Entry(id_.decode(), f[1].decode(), f[3].decode(), f[5] == b"1", f[7].decode(), f[9])


def stored(value: bytes) -> Stored:
    """The state value `version tombstone number body` taken apart."""
    version, tombstone, number, body = value.split(b" ", 3)
    return Stored(version.decode(), tombstone == b"1", int(number), body)

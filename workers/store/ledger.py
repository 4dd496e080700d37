"""The ledger: what was received, and where every single change of it is. Per tenant and sink."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workers.store.inbox import BULK, Inbox
from workers.store.keys import Partition
from workers.store.scripts import Call, Scripts


@dataclass(frozen=True)
class Row:
    """`received = delivered + filtered + superseded + rejected + dead_lettered + in_flight`, or something is wrong."""

    tenant: str
    sink: str
    received: int = 0
    delivered: int = 0
    filtered: int = 0
    superseded: int = 0
    rejected: int = 0
    dead_lettered: int = 0
    in_flight: int = 0

    @property
    def imbalance(self) -> int:
        ended = self.delivered + self.filtered + self.superseded + self.rejected + self.dead_lettered
        return self.received - ended - self.in_flight

    @property
    def balanced(self) -> bool:
        return self.imbalance == 0

    def __add__(self, other: Row) -> Row:
        names = ("received", "delivered", "filtered", "superseded", "rejected", "dead_lettered", "in_flight")
        return Row(self.tenant, self.sink, **{n: getattr(self, n) + getattr(other, n) for n in names})


class Ledger:
    """Reads the books of each partition in one transaction; every figure comes from the place where it happens."""

    def __init__(self, scripts: Scripts, inbox: Inbox, collections: Mapping[str, Iterable[str]]) -> None:
        self._scripts = scripts
        self._inbox = inbox
        self._collections = collections

    async def rows(self, sinks: Iterable[str]) -> list[Row]:
        """One row for each tenant and sink. Raises `redis.exceptions.RedisError`."""
        return [await self.row(tenant, sink) for tenant in self._collections for sink in sinks]

    async def row(self, tenant: str, sink: str) -> Row:
        partitions = self._inbox.all(tenant)
        calls = [self._call(partition, sink) for partition in partitions]
        total = Row(tenant, sink)
        for answer in await self._scripts.run_many(calls):
            if isinstance(answer, Exception):
                raise answer
            total += _row(tenant, sink, *answer)
        return total

    def _call(self, p: Partition, sink: str) -> Call:
        inboxes = [p.inbox, p.waiting(BULK), *(p.waiting(c) for c in self._collections[p.tenant])]
        keys = (p.counts, p.of_sink("cursor", sink), p.of_sink("parked", sink), p.events, p.through, *inboxes)
        return Call("ledger", keys, ())


def _row(
    tenant: str, sink: str, flat: list[bytes], inboxes: int, cursor: bytes, waiting: int, newest: bytes
) -> Row:
    counts = counted(flat)
    last = int(newest) if newest else counts.get("applied", 0)
    return Row(
        tenant,
        sink,
        received=sum(n for name, n in counts.items() if name.startswith("received:")),
        delivered=counts.get(f"delivered:{sink}", 0),
        filtered=counts.get(f"filtered:{sink}", 0),
        superseded=counts.get("superseded", 0),
        rejected=counts.get("rejected", 0),
        dead_lettered=counts.get(f"dead:{sink}", 0),
        in_flight=inboxes + last - int(cursor) + waiting,
    )


def counted(flat: list[Any]) -> dict[str, int]:
    """The counters of a partition, from Redis' flat list of names and values."""
    return {k.decode(): int(v) for k, v in zip(flat[::2], flat[1::2], strict=True)}

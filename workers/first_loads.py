"""Records of a first load on their way to the gate.

    page ─▶ records the store knows nothing of ─▶ rendered here ─▶ state and event in one script
         └▶ all others ─▶ the bulk inbox, behind live traffic

A record that nothing is known of has nothing to be compared with, so the inbox would only be a detour of two more writes and
three more readings. The script looks again: what came by another channel meanwhile goes through the inbox too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from workers.clock import now_ms
from workers.decisions import TenantIngest, decide
from workers.plan import Plan
from workers.store.gate import Apply
from workers.store.inbox import NO_ID, Arrival, Entry, Inbox
from workers.store.keys import Partition, partition_of
from workers.store.scripts import Call, Scripts

ORIGIN = "sync"
#: So many are appended to the bulk inbox in one go: what is live waits no longer than that.
_CHUNK = 500
#: So many are loaded at a time, however large the pages are: the script has room for as many, should all be of one partition.
_AT_ONCE = 1000


class Way(Protocol):
    """Where the records of a load go; what `take` returned for is on disk. Raises `redis.exceptions.RedisError`.

    It returns how many events it made itself.
    """

    async def take(self, tenant: str, found: Sequence[Arrival]) -> int: ...


class Behind:
    """Through the bulk inbox, behind live traffic. `wake` is told which partitions have new work."""

    def __init__(self, inbox: Inbox, wake: Callable[[Iterable[Partition]], None]) -> None:
        self._inbox = inbox
        self._wake = wake

    async def take(self, tenant: str, found: Sequence[Arrival]) -> int:
        await self._inbox.room(tenant)
        for start in range(0, len(found), _CHUNK):
            self._wake(await self._inbox.append(tenant, ORIGIN, found[start : start + _CHUNK], bulk=True))
        return 0


class Straight:
    """Past the inbox, for a worker that has its sinks registered; the rest goes `behind`.

    `committed` is called when new events are in a partition's log; it must not block.
    """

    def __init__(
        self,
        scripts: Scripts,
        inbox: Inbox,
        tenants: Mapping[str, TenantIngest],
        committed: Callable[[Partition], None],
        behind: Way,
    ) -> None:
        self._scripts = scripts
        self._inbox = inbox
        self._tenants = tenants
        self._committed = committed
        self._behind = behind

    async def take(self, tenant: str, found: Sequence[Arrival]) -> int:
        parts = (found[start : start + _AT_ONCE] for start in range(0, len(found), _AT_ONCE))
        return sum([await self._take(tenant, part) for part in parts])

    async def _take(self, tenant: str, found: Sequence[Arrival]) -> int:
        new, rest = await self._unknown(tenant, found)
        try:
            loads = await self._load_all(tenant, new)
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        rest += [some[name] for some, left in zip(new.values(), loads, strict=True) for name in left]
        if rest:
            await self._behind.take(tenant, rest)
        return len(found) - len(rest)

    async def _load_all(self, tenant: str, new: Mapping[Partition, Mapping[str, Arrival]]) -> list[list[str]]:
        """What was not loaded, of each partition. The store takes one while the next is rendered."""
        loads = []
        async with asyncio.TaskGroup() as group:
            for partition, some in new.items():
                rendered = self._rendered(tenant, some.values())
                left = [name for name in some if name not in rendered]
                loads.append(group.create_task(self._load(partition, rendered, left)))
                await asyncio.sleep(0)  # live traffic first
        return [load.result() for load in loads]

    async def _load(self, partition: Partition, rendered: Mapping[str, Apply], left: list[str]) -> list[str]:
        if not rendered:
            return left
        [known] = await self._scripts.run_many([_call(partition, rendered.values())])
        if isinstance(known, Exception):
            raise known
        self._committed(partition)
        return [*left, *(name.decode() for name in known)]

    async def _unknown(
        self, tenant: str, found: Sequence[Arrival]
    ) -> tuple[dict[Partition, dict[str, Arrival]], list[Arrival]]:
        """The records that the store knows nothing of, by partition and name; and the others."""
        partitions, rest = self._inbox.all(tenant), list[Arrival]()
        split: dict[Partition, dict[str, Arrival]] = {}
        for arrival in found:
            partition = partitions[partition_of(arrival.resource, len(partitions))]
            if not _is_plain(arrival) or arrival.resource in split.get(partition, ()):
                rest.append(arrival)
            else:
                split.setdefault(partition, {})[arrival.resource] = arrival
        pipe = self._scripts.redis.pipeline(transaction=False)
        for partition, some in split.items():
            pipe.hmget(partition.state, list(some))
        for some, states in zip(split.values(), await pipe.execute(), strict=True):
            for name in [name for name, state in zip(some, states, strict=True) if state is not None]:
                rest.append(some.pop(name))
        return split, rest

    def _rendered(self, tenant: str, some: Iterable[Arrival]) -> dict[str, Apply]:
        """What can be understood; what is to be rejected is left to the gate."""
        entry, rendered = f"{now_ms()}-0", {}
        for a in some:
            plan = Plan([Entry(entry, a.resource, a.version, deleted=False, origin=ORIGIN, data=a.data)], [])
            [decision] = decide(self._tenants[tenant], plan, None)
            if isinstance(decision, Apply):
                rendered[a.resource] = decision
        return rendered


def _is_plain(arrival: Arrival) -> bool:
    return bool(arrival.version) and not arrival.deleted and not arrival.resource.endswith(f"/{NO_ID}")


def _call(partition: Partition, applied: Iterable[Apply]) -> Call:
    p, args = partition, list[str | bytes]()
    for a in applied:
        args += (a.resource, a.version, "1" if a.deleted else "0", a.body, a.event)
    return Call("load", (p.state, p.events, p.counts, p.journal), (ORIGIN, f"{now_ms()}-0", *args))

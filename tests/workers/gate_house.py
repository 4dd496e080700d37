"""A Protime of a few records, one tenant's store, and workers that can die between any two steps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from redis.asyncio import Redis

from tests.workers.gate_faults import DisturbedGate, FlakySink, MortalScripts
from workers import plan
from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.deliver import settle, settle_retry
from workers.delivery import Delivery
from workers.events import Event
from workers.ingest import Ingest
from workers.sinks.base import Retry, SinkOptions
from workers.store.inbox import Arrival, Entry, Inbox, Stored, stored
from workers.store.lanes import Lane
from workers.store.leases import Lease, Leases
from workers.store.ledger import Ledger
from workers.store.outcomes import Reading

FETCH = {"assignments": "payload", "clockings": "delta", "absences": "resource"}
RESOURCES = ("assignments/1", "clockings/2", "absences/3")
SINK = "archive"
_OPTIONS = SinkOptions(type="x", batch=10, retry=Retry(max_attempts=4))
#: The lanes' clock stands in the past: whatever is to be tried again is due at once.
_LONG_AGO = 1_000_000_000.0


class Version(NamedTuple):
    version: str
    deleted: bool


@dataclass
class World:
    """Protime: every state of each record, and whether single records can be asked for."""

    told: dict[str, list[Version]] = field(default_factory=lambda: {resource: [] for resource in RESOURCES})
    away: bool = False

    def change(self, resource: str, *, deleted: bool) -> None:
        number = sum(map(len, self.told.values())) + 1
        self.told[resource].append(Version(f"{number:04}", deleted))

    async def fetch(self, _: str, collection: str, number: int) -> Entry | None:
        resource = f"{collection}/{number}"
        now = self.told[resource][-1]
        version = "" if now.deleted else now.version
        body = arrival(resource, now).data
        return None if self.away else Entry("", resource, version, now.deleted, "", body)


def arrival(resource: str, state: Version) -> Arrival:
    """A state as a channel tells of it."""
    day = {"from": "2026-03-10", "until": "2026-03-10", "date": "2026-03-10", "person": {"id": 7}}
    body = {"id": int(resource.partition("/")[2]), "changeVersion": state.version, **day}
    return Arrival(resource, *state, b"" if state.deleted else msgspec.json.encode(body))


class Worker:
    """All objects of one process. With `calls` it dies, see `MortalScripts`."""

    def __init__(
        self, redis: Redis, world: World, sink: FlakySink, calls: int = -1, *, late: bool = False
    ) -> None:
        self.redis, self.world, self.sink = redis, world, sink
        self.scripts = MortalScripts(redis, calls, late=late)
        waiting = {"acme": {name: mode == "delta" for name, mode in FETCH.items()}}
        self.inbox = Inbox(self.scripts, partitions=2, max_backlog=0, waiting=waiting)
        self.leases = Leases(self.scripts)
        self.partitions = self.inbox.all("acme")
        self.lanes = [Lane(self.scripts, partition, SINK) for partition in self.partitions]

    async def notify(self, told: Arrival) -> None:
        partition, collection = self.inbox.partition("acme", told.resource), told.resource.partition("/")[0]
        [answer] = await self.scripts.run_many([self.inbox.notify_call(partition, collection, [told])])
        assert answer in (0, 1)

    async def absent(self, resource: str) -> Arrival | None:
        """As reconciliation tells of a record that Protime does not know any more."""
        known = await self.state(resource)
        if known is None or known.deleted:
            return None
        gone = Arrival(resource, f"{known.version}{plan.ABSENT}", deleted=True, data=b"")
        await self.inbox.append("acme", "reconcile", [gone], bulk=True)
        return gone

    async def pulled(self) -> None:
        await self.inbox.pulled_through("clockings", await self.inbox.waiting_marks("acme", "clockings"))

    async def ingest(
        self, before: Callable[[], Awaitable[None]] | None = None, *, twice: bool = False
    ) -> None:
        tenant = TenantIngest("acme", TenantView(ZoneInfo("Europe/Brussels"), 168), FETCH)
        gate = DisturbedGate(self.scripts, before, twice=twice)
        tenants = {"acme": tenant}
        ingest = Ingest(
            self.inbox, gate, self.leases, tenants, self.world.fetch, lambda _: None, doubt_seconds=0
        )
        for partition in self.partitions:
            await ingest.drain(partition)

    async def deliver(self, between: Callable[[], Awaitable[None]] | None = None) -> None:
        for lane in self.lanes:
            lease = self.leases.hold(lane.lease)
            reading = await lane.read(lease.token, 50)
            if between is not None:
                await between()
            if isinstance(reading, Reading) and reading.events:
                await lane.commit(lease.token, reading.cursor, await settle(self._delivery(lease), reading))
            await self.leases.release(lease)

    async def retry(self, between: Callable[[], Awaitable[None]] | None = None) -> None:
        for lane in self.lanes:
            lease = self.leases.hold(lane.retrying)
            due = await lane.read_parked(lease.token)
            if between is not None:
                await between()
            for waiting in due or ():
                if (retried := await settle_retry(self._delivery(lease), waiting)) is not None:
                    await lane.commit_retry(retried)
            await self.leases.release(lease)

    def _delivery(self, lease: Lease) -> Delivery:
        return Delivery(_OPTIONS, self.sink, lease, lambda: _LONG_AGO, lambda: 0.0)

    async def leases_run_out(self) -> None:
        names = [p.lease for p in self.partitions] + [
            n for lane in self.lanes for n in (lane.lease, lane.retrying)
        ]
        await self.redis.delete(*names, *(lane.hold for lane in self.lanes))

    async def state(self, resource: str) -> Stored | None:
        value = await self.redis.hget(self.inbox.partition("acme", resource).state, resource)
        return stored(value) if value else None

    async def log(self) -> dict[str, list[tuple[int, int, Event]]]:
        """Of each resource: number, number of the event before, event; in the order of the log."""
        found: dict[str, list[tuple[int, int, Event]]] = {resource: [] for resource in RESOURCES}
        for partition in self.partitions:
            for id_, row in await self.redis.xrange(partition.events):
                number = int(id_.partition(b"-")[0])
                found[row[b"k"].decode()].append((number, int(row[b"p"]), Event(row[b"e"])))
        return found

    def ledger(self) -> Ledger:
        return Ledger(self.scripts, self.inbox, {"acme": list(FETCH)})

"""Events in a real Redis, a sink that was given them live, and the worker's side of replays."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import msgspec
from redis.asyncio import Redis

from workers.echoes import Echoes
from workers.events import Event
from workers.replay.conditions import Conditions
from workers.replay.replaying import Replaying
from workers.sink_breaker import Around, SinkBreaker
from workers.sinks.base import Failure, Retry, SinkOptions
from workers.store.breakers import BreakerStore
from workers.store.echo import OwnWrites
from workers.store.gate import Apply, Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.ledger import Ledger
from workers.store.log import Log
from workers.store.outcomes import Outcome
from workers.store.replays import Replay, Replays
from workers.store.scripts import Scripts
from workers.sweep import Sweep

P = Partition("acme", 0)
OLD, EVERYTHING = "2026-03-01T10:00:00.000Z", Conditions()


def event(resource: int, version: int, change: str = "updated", time: str = OLD) -> bytes:
    subject = f"assignments/{resource}"
    head = {
        "specversion": "1.0",
        "id": f"acme/{subject}/{version:02}",
        "source": "/protime/acme/assignments",
        "type": f"eu.myprotime.assignment.{change}.v1",
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": "/schemas/assignment.v1.json",
        "sequence": f"{version:02}",
        "partitionkey": subject,
        "origin": "webhook",
        "data": {"tenant": "acme", "collection": "assignments", "id": resource, "change": change},
    }
    return msgspec.json.encode(head)


class MemorySink:
    """Keeps what it is given; `fails` says why it does not take an event."""

    def __init__(self, fails: Callable[[Event], Failure | None] = lambda _: None) -> None:
        self.fails = fails
        self.got: list[Event] = []

    @property
    def told(self) -> list[str]:
        """`resource/version` of each delivery."""
        return [e.id.removeprefix("acme/assignments/") for e in self.got]

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        failures = {i: f for i, e in enumerate(events) if (f := self.fails(e))}
        self.got += [e for i, e in enumerate(events) if i not in failures]
        return failures

    async def close(self) -> None:
        return None


class House:
    """One partition; `lane` is that of the sink `planning`, which exists from the beginning unless `new`."""

    def __init__(self, redis: Redis, sink: MemorySink, **options: object) -> None:
        scripts = Scripts(redis)
        self.redis, self.scripts, self.sink = redis, scripts, sink
        self.options = SinkOptions(
            type="memory", retry=Retry(max_attempts=2, min_seconds=0.01, max_seconds=0.02), **options
        )
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        self.gate, self.lane = Gate(scripts), Lane(scripts, P, "planning")
        self.books = Ledger(scripts, self.inbox, {"acme": ["assignments"]})
        self.log, self.replays = Log(redis, self.inbox), Replays(scripts)
        self.sweep = Sweep(scripts, self.inbox, {"acme": ["assignments"]}, {"planning": self.options})
        self.dispatched: list[str] = []

    async def write(self, resource: int, version: int, change: str = "updated", time: str = OLD) -> None:
        """One more event in the log; the sink has not got it yet."""
        name = f"assignments/{resource}"
        arrival = Arrival(name, f"{version:02}", deleted=False, data=b"{}")
        await self.inbox.append("acme", "webhook", [arrival])
        batch = await self.inbox.read(P, "me")
        assert batch is not None
        state = batch.states.get(name)
        expected = str(state.number) if state else "0"
        told = event(resource, version, change, time)
        apply = Apply(
            name, batch.entries[0].id, expected, f"{version:02}", deleted=False, body=b"{}", event=told
        )
        await self.gate.pass_through(P, [apply])
        await self.inbox.leave(P, "me")

    async def deliver_live(self, outcome: Callable[[list[int]], Outcome] | None = None) -> None:
        """The sink gets all that is behind its cursor, unless `outcome` says otherwise."""
        reading = await self.lane.read("live", 100)
        assert not isinstance(reading, int)
        assert reading is not None
        numbers = [e.number for e in reading.events]
        decided = outcome(numbers) if outcome else Outcome(numbers[-1], delivered=numbers)
        await self.lane.commit("live", reading.cursor, decided)

    async def order(self, conditions: Conditions = EVERYTHING, *, force: bool = False) -> str:
        id_ = await self.replays.order("planning", [P], conditions, force=force)
        assert id_ is not None
        return id_

    async def state(self) -> Replay:
        [replay] = await self.replays.all("planning", [P])
        return replay

    async def work_off(self) -> Replay:
        """Runs a worker, as the sweep would wake it, until the replay is over."""
        async with self.worker() as replaying, asyncio.timeout(10):
            while (known := await self.state()).state == "running":
                replaying.start(P, "planning")
                await asyncio.sleep(0.01)
        return known

    async def _back(self, sink: str) -> None:
        """A dispatcher would start its lanes."""

    def _back_at(self, sink: str) -> None:
        """And here too."""

    async def wake(self) -> None:
        """A worker is woken, has time for a few turns, and ends; its claim to the replay runs out."""
        async with self.worker() as replaying:
            replaying.start(P, "planning")
            await asyncio.sleep(0.1)
        await self.redis.hset(P.of_sink("replay", "planning"), "due", "0")

    @asynccontextmanager
    async def worker(self):
        leases = Leases(self.scripts)
        around = Around(
            BreakerStore(self.scripts), leases, time.time, random.random, self._back, self._back_at
        )
        breaker = SinkBreaker("planning", self.options, self.sink, around)
        replaying = Replaying(
            self.scripts,
            leases,
            {"planning": self.options},
            lambda _: breaker,
            Echoes(OwnWrites(self.scripts)),
            lambda _, sink: self.dispatched.append(sink),
        )
        yield replaying
        await replaying.stop()

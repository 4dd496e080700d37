"""A sink that goes away and comes back, with the real lanes, breakers and ledger of two workers on a real Redis."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.workers.test_deliver import AWAY, ScriptedSink, event
from workers.dispatch import Dispatcher
from workers.sinks.base import Failure, Retry, Sink, SinkOptions
from workers.store.breakers import BreakerStore
from workers.store.dead_letters import DeadLetters
from workers.store.gate import Apply, Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.ledger import Ledger, Row
from workers.store.scripts import Scripts
from workers.sweep import Sweep

SINK, PARTITIONS = "planning", 4


class House:
    """Two dispatchers of one sink, and a log that the test writes."""

    def __init__(self, redis: Redis, retry: Retry, sink: Sink | None = None, **options: Any) -> None:
        self.redis, self.scripts = redis, Scripts(redis)
        self.inbox = Inbox(
            self.scripts, partitions=PARTITIONS, max_backlog=0, waiting={"acme": {"assignments": False}}
        )
        self.partitions: list[Partition] = list(self.inbox.all("acme"))
        self.books = Ledger(self.scripts, self.inbox, {"acme": ["assignments"]})
        self.letters = DeadLetters(self.scripts, self.inbox)
        self.breakers = BreakerStore(self.scripts)
        self.fails: Callable[[str], Failure | None] = lambda _: None
        self.sink = ScriptedSink(self._answer)
        self.options = SinkOptions(type="x", retry=retry, **options)
        self.workers = [
            Dispatcher(
                self.scripts,
                Leases(self.scripts),
                {SINK: (self.options, sink or self.sink)},
                {},
                self.partitions,
            )
            for _ in range(2)
        ]

    async def sweep(self) -> None:
        """As the scheduler does it."""
        sweep = Sweep(self.scripts, self.inbox, {"acme": ["assignments"]}, {SINK: self.options})
        while True:
            for what, partition, sink in await sweep.find():
                if what not in {"dispatch", "retry"}:
                    continue
                worker = random.choice(self.workers)
                {"dispatch": worker.dispatch, "retry": worker.retry}[what](partition, sink)
            await asyncio.sleep(0.25)

    def _answer(self, subject: str) -> Failure | None:
        return self.fails(subject)

    async def log(self, *resources: int) -> None:
        """One change of each resource; the workers hear of it in turn."""
        for resource in resources:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            partition = await self.write(resource, event(resource, time.time_ns(), time=now).json)
            self.workers[resource % 2].committed(partition)

    async def write(self, resource: int, json: bytes) -> Partition:
        """An event of a resource goes into the log, and nobody hears of it yet."""
        name = f"assignments/{resource}"
        await self.inbox.append("acme", "webhook", [Arrival(name, "01", deleted=False, data=b"{}")])
        partition = self.inbox.partition("acme", name)
        batch = await self.inbox.read(partition, "me")
        assert batch is not None
        state = batch.states.get(name)
        expected = str(state.number) if state else "0"
        apply = Apply(name, batch.entries[0].id, expected, "01", deleted=False, body=b"{}", event=json)
        await Gate(self.scripts).pass_through(partition, [apply])
        await self.inbox.leave(partition, "me")
        return partition

    async def row(self) -> Row:
        row = await self.books.row("acme", SINK)
        assert row.balanced, row
        return row

    async def until(self, condition: Callable[[], Awaitable[bool]], seconds: float = 8) -> None:
        async with asyncio.timeout(seconds):
            while not await condition():  # Redis tells nobody
                await self.row()
                await asyncio.sleep(0.02)

    async def opened(self) -> bool:
        return (await self.breakers.get(SINK)).is_open

    async def settled(self) -> bool:
        return (await self.row()).in_flight == 0

    def delivered(self) -> list[str]:
        """Subjects, in the order in which they were delivered."""
        return [id_.rpartition("/")[0].removeprefix("acme/") for id_ in self.sink.delivered]


Make = Callable[..., Awaitable[House]]


@pytest.fixture
async def make(redis: Redis) -> AsyncIterator[Make]:
    made: list[tuple[House, asyncio.Task[None]]] = []

    async def house(*, sweeps: bool = True, **retry: float) -> House:
        often = {"min_seconds": 0.05, "max_seconds": 0.2, **retry}
        found = House(redis, Retry.model_validate(often))
        for partition in found.partitions:
            await Lane(found.scripts, partition, SINK).register()
        made.append((found, asyncio.create_task(found.sweep() if sweeps else asyncio.sleep(0))))
        return found

    yield house
    for found, sweeping in made:
        sweeping.cancel()
        for worker in found.workers:
            await worker.stop()


async def test_everything_flows_again_on_all_partitions_once_one_event_got_through(make: Make) -> None:
    house = await make(sweeps=False, max_seconds=0.4)
    house.fails = lambda _: AWAY
    await house.log(*range(40))
    await house.until(house.opened)
    # As if lanes had been put off for a minute before the breaker opened.
    for partition in house.partitions:
        until = int(time.time() * 1000) + 60_000
        await house.redis.hset(partition.of_sink("hold", SINK), mapping={"until": until, "attempts": 3})
    await house.redis.delete(house.partitions[0].of_sink("hold", SINK))
    house.fails = lambda _: None
    await house.until(house.settled, 3)
    assert sorted(house.delivered()) == sorted(f"assignments/{n}" for n in range(40))


async def test_an_absent_sink_is_tried_once_for_each_pause_whatever_comes_in(make: Make) -> None:
    house = await make(min_seconds=0.2, max_seconds=0.4)
    house.fails = lambda _: AWAY
    await house.log(*range(20))
    await house.until(house.opened)
    before, begun = len(house.sink.calls), time.monotonic()
    for n in range(60):
        await house.log(n)
        await asyncio.sleep(0.02)
    pauses = (time.monotonic() - begun) / 0.4
    # What was under way when it opened, the shorter first pause, and one try for each pause.
    assert 1 <= len(house.sink.calls) - before <= 8 + 2 + pauses
    row = await house.row()
    assert (row.delivered, row.dead_lettered, row.in_flight) == (0, 0, 80)


async def test_an_event_that_hangs_the_sink_does_not_keep_its_breaker_open(make: Make) -> None:
    """Neither as the probe of its lane, nor when it comes back by the retries."""
    house = await make()
    house.fails = lambda _: AWAY
    await house.log(7, *range(20))
    await house.until(house.opened)
    house.fails = lambda subject: AWAY if subject == "assignments/7" else None

    async def all_but_one() -> bool:
        return set(house.delivered()) == {f"assignments/{n}" for n in range(20) if n != 7}

    await house.until(all_but_one)
    await house.log(30)
    await house.until(lambda: _in(house, "assignments/30"))
    assert (await house.row()).in_flight == 2
    house.fails = lambda _: None
    await house.until(house.settled)
    assert house.delivered().count("assignments/7") == 2


async def _in(house: House, subject: str) -> bool:
    return subject in house.delivered()


async def test_events_that_all_wait_for_a_retry_find_out_that_the_sink_is_back(make: Make) -> None:
    house = await make(max_age_seconds=600)
    house.fails = lambda _: Failure("HTTP 500")
    await house.log(1, 2, 3)
    await house.until(lambda: _parked(house, 3))
    house.fails = lambda _: AWAY
    await house.until(house.opened)
    house.fails = lambda _: None
    await house.until(house.settled)
    assert len(house.delivered()) == 3


async def _parked(house: House, count: int) -> bool:
    return sum([await house.redis.hlen(p.of_sink("parked", SINK)) for p in house.partitions]) == count


async def test_the_outage_uses_up_no_attempt_of_any_event(make: Make) -> None:
    house = await make(max_attempts=2)
    house.fails = lambda _: AWAY
    await house.log(*range(10))
    await house.until(house.opened)
    await asyncio.sleep(1.5)
    house.fails = lambda _: None
    await house.until(house.settled)
    row = await house.row()
    assert (row.delivered, row.dead_lettered) == (10, 0)


async def test_events_of_every_partition_die_when_the_sink_stays_away_too_long(make: Make) -> None:
    house = await make(min_seconds=0.4, max_seconds=5, max_age_seconds=0.5)
    house.fails = lambda _: AWAY
    await house.log(*range(20))
    await house.until(house.settled)
    row = await house.row()
    assert (row.delivered, row.dead_lettered) == (0, 20)
    # Opened, one probe too early, and one after which all four partitions look: not a probe for each of them.
    assert (await house.breakers.get(SINK)).attempts <= 4
    letters = [letter async for letter in house.letters.all("acme")]
    assert {letter.last_error for letter in letters} == {"connection refused"}

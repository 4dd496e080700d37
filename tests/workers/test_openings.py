"""Lanes opened together with a commit: one round trip less, and never a lane that nobody serves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as HungUp
from redis.exceptions import ReadOnlyError

from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.dispatch import Dispatcher
from workers.events import Event
from workers.ingest import Ingest
from workers.sinks.base import Failure, SinkOptions
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Entry, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.scripts import Argument, Call, Scripts

P = Partition("acme", 0)
VIEW = TenantView(ZoneInfo("Europe/Brussels"), 168)


class Counting(Scripts):
    """Notes which scripts ride in which round trip; `broken` makes the next gate fail before it is sent, `unread` the readings beside it."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.trips: list[tuple[str, ...]] = []
        self.broken = False
        self.unread: Exception | None = None

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        self.trips.append((script,))
        return await super().run(script, keys, *args)

    async def run_many(self, calls: Sequence[Call], along: Any = None) -> list[Any]:
        self.trips.append(tuple(call.script for call in calls))
        if self.broken and calls[0].script == "gate":
            self.broken = False
            raise HungUp("cut")
        if self.unread is not None and calls[0].script == "gate":
            failed, self.unread = [self.unread] * (len(calls) - 1), None
            return [*await super().run_many(calls[:1]), *failed]
        return await super().run_many(calls, along)


class Sink:
    def __init__(self) -> None:
        self.told: list[str] = []
        self.free = asyncio.Event()
        self.free.set()

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        await self.free.wait()
        self.told += [event.head.subject for event in events]
        return {}

    async def close(self) -> None:
        return None


async def _never(*_: object) -> Entry | None:
    raise AssertionError("nothing is to be fetched")


class House:
    def __init__(self, redis: Redis) -> None:
        self.scripts, self.number = Counting(redis), 0
        self.inbox = Inbox(self.scripts, partitions=1, max_backlog=0, waiting={"acme": {}})
        self.leases = Leases(self.scripts)
        self.sinks = {"one": Sink(), "two": Sink()}
        sinks = {name: (SinkOptions(type="x", batch=10), sink) for name, sink in self.sinks.items()}
        self.dispatcher = Dispatcher(self.scripts, self.leases, sinks, {"acme": VIEW})
        self.ingest = Ingest(
            self.inbox,
            Gate(self.scripts),
            self.leases,
            {"acme": TenantIngest("acme", VIEW, {"assignments": "payload"})},
            _never,
            self.dispatcher.committed,
            openings=self.dispatcher.openings,
        )

    async def write(self, version: str = "01") -> str:
        """A notification of a new shift comes, and goes through the gate."""
        self.number += 1
        shift = {"id": self.number, "changeVersion": version, "from": "2026-03-10", "startTimeInMinutes": 480}
        subject = f"assignments/{self.number}"
        arrival = Arrival(subject, version, deleted=False, data=msgspec.json.encode(shift))
        await self.inbox.append("acme", "webhook", [arrival])
        await self.ingest.drain(P)
        return subject

    async def until(self, holds: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not holds():
            assert time.monotonic() < deadline, {name: sink.told for name, sink in self.sinks.items()}
            await asyncio.sleep(0.005)

    async def delivered(self, *subjects: str) -> None:
        await self.until(lambda: all(sink.told == list(subjects) for sink in self.sinks.values()))


@pytest.fixture
async def house(redis: Redis) -> AsyncIterator[House]:
    made = House(redis)
    yield made
    await made.dispatcher.stop()


async def test_the_first_reading_of_an_idle_lane_rides_with_the_commit(house: House) -> None:
    first = await house.write()
    await house.delivered(first)
    assert ("gate", "read_events", "read_events", "leave") in house.scripts.trips
    assert ("read_events",) not in house.scripts.trips


async def test_a_lane_at_work_is_told_that_there_is_more(house: House) -> None:
    house.sinks["one"].free.clear()
    written = [await house.write()]
    await house.until(lambda: house.sinks["two"].told == written)
    written += [await house.write(), await house.write()]
    await house.until(lambda: house.sinks["two"].told == written)
    house.sinks["one"].free.set()
    await house.delivered(*written)


async def test_while_a_backlog_is_worked_off_a_commit_and_the_next_reading_share_a_round_trip(
    house: House,
) -> None:
    for sink in house.sinks.values():
        sink.free.clear()
    written = [await house.write() for _ in range(60)]
    for sink in house.sinks.values():
        sink.free.set()
    await house.delivered(*written)
    assert ("commit_delivery", "read_events") in house.scripts.trips
    assert "release" not in {script for trip in house.scripts.trips for script in trip}


async def test_a_commit_that_was_cut_leaves_the_lanes_to_the_next(house: House) -> None:
    house.scripts.broken = True
    with pytest.raises(HungUp):
        await house.write()
    await house.scripts.redis.delete(P.lease)  # as if its two seconds were over
    written = ["assignments/1", await house.write()]
    await house.delivered(*written)


@pytest.mark.parametrize("defect", [ReadOnlyError("store"), AttributeError("client")])
async def test_a_reading_that_failed_beside_its_commit_is_done_anew(house: House, defect: Exception) -> None:
    house.scripts.unread = defect
    await house.delivered(await house.write())


async def test_a_lane_that_another_process_has_is_left_to_it(house: House) -> None:
    other = House(house.scripts.redis)
    lane = Lane(other.scripts, P, "one")
    await house.scripts.redis.set(lane.lease, "somebody else", px=60_000)
    first = await house.write()
    await house.until(lambda: house.sinks["two"].told == [first])
    assert house.sinks["one"].told == []
    await house.scripts.redis.delete(lane.lease)
    house.dispatcher.dispatch(P, "one")
    await house.delivered(first)


async def test_a_change_that_gives_no_event_leaves_no_lease_behind(house: House) -> None:
    await house.delivered(await house.write())
    house.number = 0
    await house.write()  # the same version again
    await asyncio.sleep(0.05)
    leases = [Lane(house.scripts, P, name).lease for name in house.sinks]
    assert await house.scripts.redis.exists(*leases) == 0
    assert not [key for key in house.dispatcher._running if key in leases]


async def test_the_end_of_a_worker_does_not_wait_for_lanes_that_never_began(house: House) -> None:
    openings = house.dispatcher.openings(P)
    openings.drop()
    async with asyncio.timeout(1):
        await house.dispatcher.stop()

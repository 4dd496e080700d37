"""The sweep finds what nobody was told of, and only that."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from workers.clock import now_ms
from workers.sinks.base import SinkOptions
from workers.sinks.collapse import Collapse
from workers.store.gate import Apply, Gate
from workers.store.inbox import WOKEN_MS, Arrival, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import LEASE_MS
from workers.store.outcomes import Hold, Outcome, Park
from workers.store.scripts import Scripts
from workers.sweep import Sweep

P = Partition("acme", 0)
OPTIONS = SinkOptions(type="x")
HOUR_MS = 3_600_000


class House:
    def __init__(self, redis: Redis) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        self.scripts = scripts
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": True}})
        self.gate = Gate(scripts)
        self.lane = Lane(scripts, P, "planning")
        self.sweep = Sweep(scripts, self.inbox, {"acme": ["assignments"]}, {"planning": OPTIONS})

    async def found(self) -> list[tuple[str, str]]:
        return sorted((what, about) for what, _, about in await self.sweep.find())

    async def receive(self, origin: str = "delta", *, bulk: bool = False) -> None:
        arrival = Arrival("assignments/1", "01", deleted=False, data=b"{}")
        await self.inbox.append("acme", origin, [arrival], bulk=bulk)

    async def log_one(self) -> None:
        await self.receive()
        batch = await self.inbox.read(P, "me")
        assert batch is not None
        entry = batch.entries[0].id
        await self.gate.pass_through(P, [Apply("assignments/1", entry, "0", "01", False, b"{}", b"{}")])
        await self.inbox.leave(P, "me")

    async def forget_wake_ups(self) -> None:
        """As time would, after a wake-up was lost."""
        await self.redis.delete(P.woken)


@pytest.fixture
def house(redis: Redis) -> House:
    return House(redis)


async def test_an_idle_house_wants_nothing(house: House) -> None:
    assert await house.found() == []


@pytest.mark.parametrize("bulk", [False, True])
async def test_an_inbox_whose_wake_up_was_lost_is_found_once(house: House, bulk: bool) -> None:
    await house.receive(bulk=bulk)
    assert await house.found() == []  # somebody was called a moment ago
    await house.forget_wake_ups()
    assert await house.found() == [("ingest", "")]
    assert await house.found() == []


async def test_a_partition_at_work_is_left_alone(house: House) -> None:
    await house.receive()
    await house.inbox.read(P, "me")
    await house.forget_wake_ups()
    assert await house.found() == []


async def test_waiting_notifications_call_for_their_delta(house: House) -> None:
    call = house.inbox.notify_call(
        P, "assignments", [Arrival("assignments/1", "01", deleted=False, data=b"{}")]
    )
    await house.scripts.run_many([call])
    assert await house.found() == [("delta", "assignments")]


async def test_undelivered_events_without_a_worker_are_found(house: House) -> None:
    await house.log_one()
    assert await house.found() == [("dispatch", "planning")]
    await house.lane.read("me", 10)
    assert await house.found() == []


async def test_a_sink_that_is_held_back_is_left_alone_until_its_time(house: House) -> None:
    await house.log_one()
    await house.lane.read("me", 10)
    await house.lane.commit("me", 0, Outcome(0, hold=Hold(now_ms() + 60_000, 1, "away")))
    assert await house.found() == []
    await house.redis.hset(house.lane.hold, "until", "1")
    assert await house.found() == [("dispatch", "planning")]


async def test_a_retry_is_found_when_it_is_due(house: House) -> None:
    await house.log_one()
    await house.lane.read("me", 10)
    later = Park(1, "assignments/1", 1, now_ms() + 60_000, "HTTP 500")
    await house.lane.commit("me", 0, Outcome(1, parked=[later]))
    assert await house.found() == []
    await house.redis.zadd(house.lane.due, {"assignments/1": 1})
    assert await house.found() == [("retry", "planning")]


async def test_a_pause_from_before_the_clock_was_set_back_is_over(house: House) -> None:
    """An hour's step of Redis' clock: no sink was told to wait for so long."""
    await house.log_one()
    await house.lane.read("me", 10)
    await house.lane.commit("me", 0, Outcome(0, hold=Hold(now_ms() + HOUR_MS, 1, "away")))
    assert await house.found() == [("dispatch", "planning")]
    assert await house.lane.read("me", 10)


async def test_a_retry_from_before_the_clock_was_set_back_is_due(house: House) -> None:
    await house.log_one()
    await house.lane.read("me", 10)
    parked = Park(1, "assignments/1", 1, now_ms() + HOUR_MS, "HTTP 500")
    await house.lane.commit("me", 0, Outcome(1, parked=[parked]))
    assert await house.found() == [("retry", "planning")]
    assert await house.lane.read_parked("me")


async def test_a_lease_from_before_the_clock_was_set_back_ends_as_soon_as_any_other(house: House) -> None:
    """Whoever holds it prolongs it meanwhile; a worker that was killed does not."""
    await house.log_one()
    await house.lane.read("me", 10)
    await house.redis.pexpire(house.lane.lease, HOUR_MS)
    assert await house.found() == []
    assert await house.redis.pttl(house.lane.lease) <= LEASE_MS


async def test_a_wake_up_from_before_the_clock_was_set_back_keeps_no_other_away(house: House) -> None:
    await house.receive()
    await house.redis.pexpire(P.woken, HOUR_MS)
    assert await house.found() == []
    assert await house.redis.pttl(P.woken) <= WOKEN_MS


async def test_what_waits_for_its_longest_time_is_left_alone(redis: Redis) -> None:
    house = House(redis)
    quiet = Collapse(quiet_seconds=10, max_wait_seconds=7200)
    house.sweep = Sweep(
        house.scripts,
        house.inbox,
        {"acme": ["assignments"]},
        {"planning": SinkOptions(type="x", collapse=quiet)},
    )
    await house.log_one()
    await house.lane.read("me", 10)
    await house.lane.commit("me", 0, Outcome(1, parked=[Park(1, "assignments/1", 0, now_ms() + HOUR_MS, "")]))
    assert await house.found() == []


@pytest.mark.parametrize("let_go", ["", "1-0"])
async def test_what_waits_for_a_delta_that_is_not_kept_any_more_goes_on_at_once(
    redis: Redis, let_go: str
) -> None:
    """The collection was kept with a delta before; by the pull that it waits for, nobody would ever come."""
    before = House(redis)
    arrival = Arrival("assignments/1", "01", deleted=False, data=b"{}")
    await before.scripts.run_many([before.inbox.notify_call(P, "assignments", [arrival])])
    if let_go:
        await before.inbox.pulled_through("assignments", {P: let_go})
    inbox = Inbox(before.scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
    sweep = Sweep(before.scripts, inbox, {"acme": ["assignments"]}, {"planning": OPTIONS})
    assert [(what, about) for what, _, about in await sweep.find()] == [("ingest", "")]
    batch = await inbox.read(P, "me")
    assert batch is not None
    assert [entry.resource for entry in batch.entries] == ["assignments/1"]

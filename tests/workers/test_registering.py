"""Sinks that come, go and come back: what they miss is counted, and the operator hears of it."""

from __future__ import annotations

import pytest
import structlog
from redis.asyncio import Redis

from tests.service.rig import config, managed
from tests.workers.store.test_purge import ALL, House
from workers.registering import register
from workers.store import Store
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.ledger import Row
from workers.store.outcomes import Outcome, Park
from workers.store.purge import Purge

P = Partition("acme", 0)


async def started(redis: Redis, *sinks: str) -> list[dict[str, object]]:
    """What a worker says of its sinks at its start."""
    store = Store(config(managed(store={"partitions": 1})), redis)
    with structlog.testing.capture_logs() as said:
        await register(store, "acme", sinks)
    return [dict(line) for line in said]


@pytest.fixture
async def house(redis: Redis) -> House:
    """The sink `planning` has got two of five events."""
    house = House(redis)
    await house.lane.register()
    await house.log(5)
    await house.lane.commit("me", 0, Outcome(2, delivered=[1, 2]))
    return house


async def deliver_all(lane: Lane) -> list[int]:
    reading = await lane.read("me", 100)
    assert not isinstance(reading, int)
    assert reading is not None
    numbers = [event.number for event in reading.events]
    await lane.commit("me", reading.cursor, Outcome(numbers[-1], delivered=numbers), reading.events)
    return numbers


async def row(house: House) -> Row:
    found = await house.books.row("acme", "planning")
    assert found.balanced, found
    return found


async def test_a_sink_that_comes_back_after_retention_goes_on_with_what_is_left(house: House) -> None:
    await started(house.redis, "other")
    await Purge(house.redis, house.inbox, ALL, ["other"]).tenant("acme")
    [said] = await started(house.redis, "planning")
    assert (said["log_level"], said["sink"], said["missed"]) == ("warning", "planning", 2)
    assert (await row(house)).in_flight == 1
    assert await deliver_all(house.lane) == [5]
    found = await row(house)
    assert (found.delivered, found.filtered, found.in_flight) == (3, 2, 0)
    assert await started(house.redis, "planning") == []


async def test_a_sink_that_comes_back_before_retention_misses_nothing(house: House) -> None:
    await started(house.redis, "other")
    assert [line["sink"] for line in await started(house.redis, "planning")] == []
    assert await deliver_all(house.lane) == [3, 4, 5]
    assert (await row(house)).delivered == 5


async def test_what_waits_for_a_sink_that_is_not_configured_is_told_at_the_start(house: House) -> None:
    await house.lane.read("me", 100)
    park = Park(3, "assignments/3", 1, 0, "HTTP 500")
    await house.lane.commit("me", 2, Outcome(4, delivered=[4], parked=[park]))
    [said] = await started(house.redis, "planner")
    assert (said["sink"], said["parked"], said["behind"]) == ("planning", 1, 1)
    assert said["log_level"] == "warning"


async def test_of_a_sink_that_has_got_everything_nothing_is_said(house: House) -> None:
    await deliver_all(house.lane)
    assert await started(house.redis, "planner") == []


async def test_what_was_delivered_to_a_sink_that_is_gone_is_forgotten_in_time(house: House) -> None:
    assert await house.redis.xlen(house.lane.deliveries) == 1
    await Purge(house.redis, house.inbox, ALL, ["other"]).tenant("acme")
    assert await house.redis.xlen(house.lane.deliveries) == 0

"""Room for a first load on a real Redis: the lanes' cursors say how far the sinks are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from workers.room import LONGEST_SECONDS, MOST_BEFORE_IT, Paced, Room
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts

pytestmark = pytest.mark.timeout(30)

P, Q = Partition("acme", 0), Partition("acme", 1)
#: Far more than anything that is not held up takes.
SOON, STILL = 0.5, 2.0


class House:
    def __init__(self, redis: Redis, *sinks: str) -> None:
        self.redis = redis
        inbox = Inbox(scripts := Scripts(redis), partitions=2, max_backlog=0, waiting={"acme": {}})
        self.room = Room(scripts, inbox, sinks)

    async def stands(self, partition: Partition, sink: str, *, cursor: int, applied: int) -> None:
        await self.redis.hset(partition.counts, "applied", str(applied))
        await self.redis.set(partition.of_sink("cursor", sink), cursor)

    async def seconds(self) -> float:
        begun = time.monotonic()
        await self.room.wait("acme")
        return time.monotonic() - begun


async def test_sinks_that_keep_up_hold_up_nothing(redis: Redis) -> None:
    house = House(redis, "one", "two")
    assert await house.seconds() < SOON
    for sink in ("one", "two"):
        await house.stands(P, sink, cursor=10, applied=10 + MOST_BEFORE_IT)
    assert await house.seconds() < SOON


async def test_the_load_waits_for_the_slowest_lane_that_gets_on(redis: Redis) -> None:
    house = House(redis, "quick", "slow")
    await house.stands(P, "quick", cursor=1000, applied=1000)
    await house.stands(Q, "quick", cursor=5000, applied=5000)
    await house.stands(Q, "slow", cursor=0, applied=5000)
    cursor = 0

    async def gets_on() -> None:
        nonlocal cursor
        while cursor < 5000:
            await asyncio.sleep(0.1)
            cursor += 300
            await house.stands(Q, "slow", cursor=cursor, applied=5000)

    going = asyncio.create_task(gets_on())
    assert await house.seconds() > 1.5
    assert cursor >= 5000 - MOST_BEFORE_IT
    await going


async def test_a_sink_that_is_away_holds_up_the_load_for_a_moment_only(redis: Redis) -> None:
    house = House(redis, "away")
    await house.stands(P, "away", cursor=0, applied=5000)
    assert STILL - SOON < await house.seconds() < STILL + SOON
    await house.stands(P, "away", cursor=0, applied=9000)
    assert await house.seconds() < SOON
    # It is back, and the load gives way again.
    await house.stands(P, "away", cursor=500, applied=9000)
    assert await house.seconds() > STILL - SOON


async def test_a_page_is_handed_on_in_parts_each_when_there_is_room(redis: Redis) -> None:
    house, taken = House(redis, "sink"), list[int]()

    class Way:
        async def take(self, tenant: str, found: Sequence[Arrival]) -> int:
            assert tenant == "acme"
            taken.append(len(found))
            await house.stands(P, "sink", cursor=0, applied=sum(taken))
            return len(found)

    async def gets_on() -> None:
        while sum(taken) < 1200:
            await asyncio.sleep(0.05)
            if sum(taken):
                await redis.set(P.of_sink("cursor", "sink"), sum(taken))

    record = Arrival("assignments/1", "01", deleted=False, data=b"{}")
    going = asyncio.create_task(gets_on())
    await Paced(Way(), house.room).take("acme", [record] * 1200)
    assert taken == [500, 500, 200]
    await going


async def test_a_sink_that_gets_on_slowly_holds_up_a_part_for_five_seconds_at_most(redis: Redis) -> None:
    house, cursor = House(redis, "slow"), 0

    async def crawls() -> None:
        nonlocal cursor
        while True:
            cursor += 1
            await house.stands(P, "slow", cursor=cursor, applied=50_000)
            await asyncio.sleep(0.2)

    await house.stands(P, "slow", cursor=0, applied=50_000)
    crawling = asyncio.create_task(crawls())
    assert LONGEST_SECONDS - SOON < await house.seconds() < LONGEST_SECONDS + SOON
    crawling.cancel()


async def test_what_is_known_already_waits_for_no_room(redis: Redis) -> None:
    house = House(redis, "slow")
    await house.stands(P, "slow", cursor=0, applied=5000)

    class Known:
        async def take(self, _: str, __: Sequence[Arrival]) -> int:
            return 0

    record = Arrival("assignments/1", "01", deleted=False, data=b"{}")
    begun = time.monotonic()
    assert await Paced(Known(), house.room).take("acme", [record] * 5000) == 0
    assert time.monotonic() - begun < SOON

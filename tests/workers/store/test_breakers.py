"""A sink's breaker in a real Redis, as several workers write it."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from workers.store.breakers import Breaker, BreakerStore, Noted, probe_key
from workers.store.leases import Leases
from workers.store.scripts import Scripts

SINK = "planning"


class Workers:
    def __init__(self, redis: Redis) -> None:
        self.leases = Leases(Scripts(redis))
        self.store = BreakerStore(Scripts(redis))

    async def fail(
        self, at: int, *, probe: bool = False, until: int = 0, reason: str = "HTTP 503", level: int = 0
    ) -> Noted:
        return await self.store.failed(
            SINK, at, probe=probe, opens_at=3, until_ms=until, reason=reason, level=level
        )

    async def open(self) -> Breaker:
        for at in (1000, 1001, 1002):
            noted = await self.fail(at, until=2000)
        return noted.breaker


@pytest.fixture
def workers(redis: Redis) -> Workers:
    return Workers(redis)


async def test_a_sink_nobody_has_heard_of_is_closed(workers: Workers) -> None:
    assert (await workers.store.get(SINK)).state == "closed"


async def test_failures_in_a_row_open_it_since_the_first_of_them(workers: Workers) -> None:
    await workers.fail(1000)
    assert (await workers.fail(1500)).breaker == Breaker(failures=2)
    opened = (await workers.fail(1600, until=2600)).breaker
    assert opened == Breaker(3, since_ms=1000, until_ms=2600, tried_ms=1600, attempts=1, reason="HTTP 503")
    assert await workers.store.get(SINK) == opened


async def test_a_success_between_begins_the_count_anew(workers: Workers) -> None:
    await workers.fail(1000)
    await workers.fail(1001)
    assert await workers.store.close(SINK) == 0
    assert not (await workers.fail(1002)).breaker.is_open


async def test_failures_of_deliveries_begun_before_it_opened_change_nothing(workers: Workers) -> None:
    opened = await workers.open()
    assert (await workers.fail(1100, until=9000, reason="late")).breaker == opened


async def test_a_failed_probe_puts_off_the_next_one(workers: Workers) -> None:
    await workers.open()
    again = (await workers.fail(2000, probe=True, until=4000, reason="HTTP 500")).breaker
    assert (again.since_ms, again.until_ms, again.attempts, again.reason) == (1000, 4000, 2, "HTTP 500")


async def test_one_worker_alone_hears_that_it_closed_it(workers: Workers) -> None:
    await workers.open()
    assert [await workers.store.close(SINK) for _ in range(2)] == [1000, 0]
    assert await workers.store.get(SINK) == Breaker()


async def test_each_level_is_warned_of_once_in_an_outage(workers: Workers) -> None:
    for _ in range(2):
        await workers.open()
        levels = [(await workers.fail(2000, probe=True, level=n)).warn for n in (0, 50, 50, 90, 70, 100, 100)]
        assert levels == [0, 50, 0, 90, 0, 100, 0]
        await workers.store.close(SINK)


async def test_it_is_half_open_while_somebody_tries(workers: Workers) -> None:
    await workers.open()
    lease = await workers.leases.acquire(probe_key(SINK))
    assert lease is not None
    assert (await workers.store.get(SINK)).state == "half-open"
    await workers.leases.release(lease)
    assert (await workers.store.get(SINK)).state == "open"

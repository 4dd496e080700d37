"""A breaker shared by two workers: who may send, what an answer changes, and what is heard of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from redis.asyncio import Redis

from tests.workers.test_deliver import AWAY, REFUSED, SERVER_ERROR, ScriptedSink, event
from workers.breaker_rules import DOUBTS_IN_A_ROW, OPENS_AT
from workers.passage import Passage
from workers.sink_breaker import Around, SinkBreaker
from workers.sinks.base import CLOSED, Failure, Retry, SinkOptions
from workers.store.breakers import Breaker, BreakerStore, probe_key
from workers.store.leases import LEASE_MS, Leases
from workers.store.scripts import Scripts

EVENT = event(1, 1)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Counting(BreakerStore):
    """Counts how often it is asked; `meanwhile` happens once, between an answer and whatever is made of it."""

    asked = 0
    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def get(self, sink: str) -> Breaker:
        self.asked += 1
        answer = await super().get(sink)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            await happens()
        return answer


class Worker:
    def __init__(self, redis: Redis, sink: ScriptedSink, clock: Clock) -> None:
        scripts = Scripts(redis)
        self.heard: list[str] = []
        self.store = Counting(scripts)
        self.leases = Leases(scripts)
        retry = Retry(min_seconds=1, max_seconds=8, max_age_seconds=100)
        around = Around(self.store, self.leases, clock, lambda: 0.0, self._recovered, self._expired)
        self.breaker = SinkBreaker("planning", SinkOptions(type="x", retry=retry), sink, around)

    async def _recovered(self, sink: str) -> None:
        self.heard.append(f"{sink} is back")

    def _expired(self, sink: str) -> None:
        self.heard.append(f"{sink} is away too long")

    async def turn(self, *, retry: bool = False) -> str:
        """One turn of a lane that sends one event, if it may."""
        async with self.breaker.passage(retry=retry) as passage:
            if passage.shut:
                return "shut"
            return await self.send(passage)

    async def send(self, passage: Passage) -> str:
        kind = "probe" if passage.probing else "burying" if passage.burying else "free"
        failed = await passage.deliver([EVENT])
        return f"{kind}: {failed[0].reason if failed else 'delivered'}"


class House:
    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.clock = Clock()
        self.answer: Failure | None = None
        self.sink = ScriptedSink(lambda _: self.answer)
        self.one, self.two = (Worker(redis, self.sink, self.clock) for _ in range(2))

    async def go_away(self, failure: Failure = AWAY) -> None:
        """Until the breaker is open."""
        self.answer = failure
        for _ in range(OPENS_AT):
            await self.one.turn()
        assert self.one.breaker.is_open
        self.clock.now += 0.5  # what the other worker believes is no older
        self.sink.calls.clear()


@pytest.fixture
def house(redis: Redis) -> House:
    return House(redis)


async def test_a_sink_that_takes_everything_costs_a_question_twice_a_second(house: House) -> None:
    for _ in range(100):
        assert await house.one.turn() == "free: delivered"
        house.clock.now += 0.01
    assert house.one.store.asked <= 3


async def test_failures_of_all_workers_open_it_for_all(house: House) -> None:
    house.answer = AWAY
    for _ in range(OPENS_AT - 1):
        await house.one.turn()
    house.clock.now += 0.5
    await house.two.turn()
    assert house.two.breaker.is_open
    house.clock.now += 0.5
    assert await house.one.turn() == "shut"


async def test_a_success_anywhere_keeps_it_closed(house: House) -> None:
    house.answer = AWAY
    for _ in range(3):
        for _ in range(OPENS_AT - 1):
            await house.one.turn()
        house.answer = None
        house.clock.now += 0.5
        await house.two.turn()
        house.answer = AWAY
        house.clock.now += 0.5
    assert not (await house.two.store.get("planning")).is_open


async def test_while_it_is_open_one_event_goes_for_each_pause(house: House) -> None:
    await house.go_away()
    for _ in range(400):
        await house.one.turn()
        await house.two.turn()
        house.clock.now += 0.1
    # 1 + 2 + 4 + 8 + 8 + … seconds: in 40 s.
    assert 6 <= len(house.sink.calls) <= 8


async def test_two_workers_do_not_try_at_the_same_time(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    async with house.one.breaker.passage() as first, house.two.breaker.passage() as second:
        assert (first.probing, second.shut) == (True, True)


async def test_a_worker_that_looked_before_another_one_tried_does_not_try_again(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    house.two.store.meanwhile = house.one.turn
    assert await house.two.turn() == "shut"
    assert len(house.sink.calls) == 1


async def test_a_lane_sends_no_second_event_after_a_failed_probe(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    async with house.one.breaker.passage() as passage:
        for _ in range(3):
            assert await passage.deliver([EVENT]) == {0: AWAY}
    assert len(house.sink.calls) == 1


async def test_a_delivered_probe_closes_it_and_one_worker_wakes_the_lanes(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    house.answer = None
    assert await house.one.turn() == "probe: delivered"
    assert house.one.heard == ["planning is back"]
    assert await house.one.turn() == "free: delivered"
    house.clock.now += 0.5
    assert await house.two.turn() == "free: delivered"
    assert house.two.heard == []


async def test_a_refused_probe_shows_that_the_sink_is_there(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    house.answer = REFUSED
    await house.one.turn()
    assert not house.one.breaker.is_open


async def test_a_probe_whose_event_fails_for_now_shows_nothing(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    house.answer = SERVER_ERROR
    await house.one.turn()
    assert house.one.breaker.is_open


async def test_a_probe_that_is_not_used_is_left_to_the_next_lane(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    async with house.one.breaker.passage() as passage:
        assert passage.probing
    assert await house.two.turn() == "probe: connection refused"


async def test_the_probe_of_a_killed_worker_is_over_with_its_lease(house: House) -> None:
    await house.go_away()
    house.clock.now += 1
    killed = await house.one.leases.acquire(probe_key("planning"))
    assert killed is not None  # and is never given back
    assert await house.two.turn() == "shut"
    assert 0 < await house.redis.pttl(probe_key("planning")) <= LEASE_MS
    await house.redis.pexpire(probe_key("planning"), 0)
    assert await house.two.turn() == "probe: connection refused"


async def test_retries_let_new_events_be_the_probe(house: House) -> None:
    await house.go_away()
    house.clock.now += 0.6  # due
    assert await house.one.turn(retry=True) == "shut"
    house.clock.now += 0.6
    assert await house.one.turn(retry=True) == "probe: connection refused"


async def test_retry_after_is_respected_and_capped(house: House) -> None:
    for asked, waits in ((5, 5), (3600, 8)):
        await house.go_away(Failure("HTTP 503", scope="sink", retry_after=asked))
        left = house.one.breaker.until_ms / 1000 - house.clock.now + 0.5
        assert left == pytest.approx(waits)
        await house.redis.flushall()
        house.clock.now += 1


async def test_events_that_fail_one_after_the_other_open_it_as_well(house: House) -> None:
    house.answer = SERVER_ERROR
    for _ in range(OPENS_AT * DOUBTS_IN_A_ROW):
        assert not house.one.breaker.is_open
        await house.one.turn()
    assert house.one.breaker.is_open


async def test_a_worker_that_stops_does_not_open_it(house: House) -> None:
    house.answer = CLOSED
    for _ in range(2 * OPENS_AT):
        await house.one.turn()
    assert (await house.two.store.get("planning")).failures == 0


async def test_after_the_budget_lanes_look_for_dead_letters_without_sending(house: House) -> None:
    await house.go_away()
    house.clock.now += 101
    assert await house.one.turn() == "probe: connection refused"
    assert house.one.heard == ["planning is away too long"]
    assert await house.one.turn() == "burying: connection refused"
    assert len(house.sink.calls) == 1


async def test_a_lane_is_turned_away_without_a_question_while_it_is_open(house: House) -> None:
    assert not house.one.breaker.turns_away()
    await house.go_away()
    asked = house.one.store.asked
    house.clock.now -= 0.5
    assert house.one.breaker.turns_away()
    assert house.one.store.asked == asked


async def test_a_clock_that_is_set_back_keeps_no_sink_shut(house: House) -> None:
    """An hour's step of Redis' clock, which all workers follow: the next try is not an hour away."""
    house.clock.now += 3600
    await house.go_away()
    house.clock.now -= 3600
    house.answer = None
    assert await house.one.turn() == "probe: delivered"
    assert await house.two.turn() == "free: delivered"

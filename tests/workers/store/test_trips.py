"""Round trips that many jobs share: everyone gets an answer of their own, whatever becomes of the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from workers.store.scripts import Call
from workers.store.trips import SharedScripts

pytestmark = pytest.mark.timeout(30)

MANY = 200
WRONG_TYPE = "sw:{acme:0}:a-list"


class Counting(SharedScripts):
    """Notes how many calls went with each trip."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.trips: list[int] = []

    async def _pipeline(self, calls: Any, along: Any = None) -> list[Any]:
        self.trips.append(len(calls))
        return await super()._pipeline(calls, along)

    async def _alone(self, call: Call) -> Any:
        self.trips.append(1)
        return await super()._alone(call)


def lease(number: int) -> str:
    return f"sw:{{acme:{number % 8}}}:lease:{number}"


async def acquire(scripts: SharedScripts, number: int) -> Any:
    return await scripts.run("acquire", (lease(number),), "me", 60_000)


async def wrong(scripts: SharedScripts) -> Any:
    return await scripts.run("leave", (WRONG_TYPE, "sw:{acme:0}:woken"), "me")


async def test_what_comes_while_trips_are_under_way_goes_together_and_each_gets_its_own_answer(
    redis: Redis,
) -> None:
    taken = set(range(0, MANY, 7))
    for number in taken:
        await redis.set(lease(number), "another")
    scripts = Counting(redis)
    answers = await asyncio.gather(*(acquire(scripts, number) for number in range(MANY)))
    assert answers == [0 if number in taken else 1 for number in range(MANY)]
    assert sum(scripts.trips) == MANY
    assert len(scripts.trips) < MANY / 8
    assert max(scripts.trips) > 8


async def test_who_is_alone_waits_for_nobody(redis: Redis) -> None:
    scripts = Counting(redis)
    for number in range(3):
        assert await acquire(scripts, number) == 1
    assert scripts.trips == [1, 1, 1]


async def test_calls_that_belong_together_stay_together_in_their_order(redis: Redis) -> None:
    scripts = Counting(redis)

    async def taken_and_left(number: int) -> list[Any]:
        mark, key = f"sw:{{acme:{number}}}:woken", lease(number)
        take = Call("acquire", (key,), ("me", 60_000))
        leave = Call("leave", (key, mark), ("me",))
        return await scripts.run_many([take, leave, take])

    assert await asyncio.gather(*(taken_and_left(number) for number in range(50))) == [[1, 0, 1]] * 50
    assert len(scripts.trips) < 50 / 2


async def test_a_call_that_fails_fails_for_its_own_caller_only(redis: Redis) -> None:
    await redis.rpush(WRONG_TYPE, "x")
    scripts = Counting(redis)
    others = [acquire(scripts, number) for number in range(40)]
    answers = await asyncio.gather(
        *others[:20], wrong(scripts), *others[20:], wrong(scripts), return_exceptions=True
    )
    failed = [answer for answer in answers if isinstance(answer, ResponseError)]
    assert len(failed) == 2
    assert "WRONGTYPE" in str(failed[0])
    assert answers.count(1) == 40


async def test_scripts_that_the_store_has_forgotten_are_loaded_again_for_all(redis: Redis) -> None:
    scripts = Counting(redis)
    for _ in range(2):
        await redis.flushall()
        await redis.script_flush()
        assert await asyncio.gather(*(acquire(scripts, number) for number in range(40))) == [1] * 40


async def test_when_the_store_goes_away_everyone_hears_of_it_and_the_next_trip_goes(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripts = Counting(redis)
    away = asyncio.Event()
    original = Counting._pipeline

    async def gone(self: Counting, calls: Any, along: Any = None) -> list[Any]:
        if away.is_set():
            raise ConnectionError("gone")
        return await original(self, calls, along)

    monkeypatch.setattr(Counting, "_pipeline", gone)
    away.set()
    answers = await asyncio.gather(
        *(acquire(scripts, number) for number in range(40)), return_exceptions=True
    )
    assert sum(isinstance(answer, ConnectionError) for answer in answers) >= 30
    away.clear()
    assert await asyncio.gather(*(acquire(scripts, number) for number in range(40, 80))) == [1] * 40


async def test_whoever_is_cancelled_on_the_way_takes_nobody_along(redis: Redis) -> None:
    scripts = Counting(redis)
    tasks = [asyncio.create_task(acquire(scripts, number)) for number in range(60)]
    await asyncio.sleep(0)  # two have left, all others wait
    for task in tasks[::3]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    stayed = [answer for number, answer in enumerate(answers) if number % 3]
    assert stayed == [1] * 40
    assert await acquire(scripts, 100) == 1


async def test_what_is_large_goes_by_itself(redis: Redis) -> None:
    scripts = Counting(redis)
    args = ("me", 60_000, *("x" for _ in range(500)))
    small = [acquire(scripts, number) for number in range(20)]
    large = scripts.run("acquire", (lease(50),), *args)
    await asyncio.gather(*small, large)
    assert scripts.trips.count(1) >= 3  # the two that left at once, and the large one
    assert sum(scripts.trips) == 21


async def test_a_store_that_hangs_up_fails_all_and_nothing_hangs(redis: Redis) -> None:
    scripts = SharedScripts(redis)
    await acquire(scripts, 0)
    jobs = [asyncio.create_task(acquire(scripts, number)) for number in range(100)]
    await asyncio.sleep(0)
    await redis.connection_pool.disconnect(inuse_connections=True)
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    assert all(answer in (0, 1) or isinstance(answer, (RedisError, OSError)) for answer in answers)
    assert await acquire(scripts, 200) == 1

"""The shared rate limit on a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from workers.protime import RateLimited
from workers.store.pace import SharedPace
from workers.store.scripts import Argument, Scripts


@pytest.mark.rule("4.3-limit")
async def test_two_processes_together_keep_to_the_limit(redis: Redis) -> None:
    one, two = (SharedPace(Scripts(redis), "acme", 1200) for _ in range(2))
    started = time.monotonic()
    await asyncio.gather(*(pace.acquire() for pace in (one, two) for _ in range(65)))
    # A tenth of 1200 goes at once, the other ten at 1080 a minute.
    assert 0.4 < time.monotonic() - started < 2.0


async def test_tenants_do_not_share_a_limit(redis: Redis) -> None:
    await SharedPace(Scripts(redis), "acme", 60).pause(30)
    started = time.monotonic()
    await SharedPace(Scripts(redis), "other", 60).acquire()
    assert time.monotonic() - started < 1


@pytest.mark.rule("4.3-wait")
async def test_a_pause_that_protime_asked_for_holds_everybody(redis: Redis) -> None:
    one, two = (SharedPace(Scripts(redis), "acme", 600) for _ in range(2))
    await one.pause(0.4)
    started = time.monotonic()
    await two.acquire()
    assert 0.3 < time.monotonic() - started < 1.5


async def test_a_turn_that_is_far_away_is_refused_with_its_time_and_not_waited_for(redis: Redis) -> None:
    pace = SharedPace(Scripts(redis), "acme", 600, patience=0.2)
    await pace.pause(40)
    with pytest.raises(RateLimited) as refused:
        await pace.acquire()
    assert refused.value.retry_after == pytest.approx(40, abs=1)


async def test_who_did_not_wait_took_no_turn(redis: Redis) -> None:
    impatient = SharedPace(Scripts(redis), "acme", 60, patience=0.0)
    for _ in range(6):
        await impatient.acquire()
    for _ in range(5):
        with pytest.raises(RateLimited) as refused:
            await impatient.acquire()
    assert (refused.value.retry_after or 0) < 2


async def test_a_shorter_pause_does_not_end_a_longer_one(redis: Redis) -> None:
    pace = SharedPace(Scripts(redis), "acme", 600, patience=0.2)
    await pace.pause(40)
    await pace.pause(1)
    with pytest.raises(RateLimited):
        await pace.acquire()


async def test_those_who_want_a_turn_at_once_share_a_question(redis: Redis) -> None:
    asked = []

    class Counting(Scripts):
        async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
            asked.append(args[-1])
            return await super().run(script, keys, *args)

    pace = SharedPace(Counting(redis), "acme", 60_000)
    await asyncio.gather(*(pace.acquire() for _ in range(50)))
    assert asked == [50]


async def test_of_those_who_ask_together_the_late_ones_are_refused(redis: Redis) -> None:
    pace = SharedPace(Scripts(redis), "acme", 60, patience=0.0)
    answers = await asyncio.gather(*(pace.acquire() for _ in range(9)), return_exceptions=True)
    assert [isinstance(answer, RateLimited) for answer in answers] == [False] * 6 + [True] * 3


async def test_a_process_whose_clock_is_wrong_does_not_keep_the_others_waiting(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = SharedPace(Scripts(redis), "acme", 600, patience=0.2)
    clock = time.time
    for ahead in (3600.0, -3600.0, 0.0):
        monkeypatch.setattr(time, "time", lambda ahead=ahead: clock() + ahead)
        await pace.acquire()
    monkeypatch.undo()
    await pace.acquire()


async def test_a_pause_from_before_the_clock_was_set_back_is_over(redis: Redis) -> None:
    """An hour's step of Redis' clock: what was noted later than now holds nobody."""
    pace = SharedPace(Scripts(redis), "acme", 600, patience=0.5)
    await pace.pause(5)
    for key in await redis.keys("sw:*pace*"):
        await redis.incrbyfloat(key, 3_600_000)
    started = time.monotonic()
    await pace.acquire()
    assert time.monotonic() - started < 0.4
    await pace.pause(40)
    with pytest.raises(RateLimited):
        await pace.acquire()

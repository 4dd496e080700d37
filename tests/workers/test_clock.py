"""The shared time: that of the store, whatever the machine's own clock says."""

from __future__ import annotations

import asyncio
import time

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as HungUp

from workers.clock import Clock, Follower, follow


async def test_a_clock_that_is_an_hour_ahead_is_put_right(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    right, clock = time.time, Clock()
    monkeypatch.setattr(time, "time", lambda: right() + 3600)
    assert clock.time() == pytest.approx(right() + 3600, abs=1)
    await follow(redis, clock)
    assert clock.time() == pytest.approx(right(), abs=0.6)


def test_a_jump_of_the_machines_clock_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, asked = Clock(), time.monotonic()
    clock.told(1_800_000_000.0, asked, asked + 0.1)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert clock.time() == pytest.approx(1_800_000_000, abs=2)


def test_an_answer_that_took_long_is_not_believed() -> None:
    clock, asked = Clock(), time.monotonic()
    clock.told(0.0, asked, asked + 3)
    assert clock.time() == pytest.approx(time.time(), abs=1)


async def test_a_store_that_is_away_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Away:
        async def time(self) -> tuple[int, int]:
            asked.append(1)
            raise HungUp("away")

    monkeypatch.setattr("workers.clock._FOLLOW_SECONDS", 0.01)
    follower = Follower(Away(), (HungUp,))  # type: ignore[arg-type]
    following = asyncio.create_task(follower.keep())
    while len(asked) < 3:  # noqa: ASYNC110  # nobody else could tell
        await asyncio.sleep(0.01)
    follower.stop()
    await asyncio.wait_for(following, 1)

"""The shared rate limit on a real Redis."""

from __future__ import annotations

import asyncio
import time

from redis.asyncio import Redis

from workers.store.pace import SharedPace
from workers.store.scripts import Scripts


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


async def test_a_pause_that_protime_asked_for_holds_everybody(redis: Redis) -> None:
    one, two = (SharedPace(Scripts(redis), "acme", 600) for _ in range(2))
    await one.pause(0.4)
    started = time.monotonic()
    await two.acquire()
    assert 0.3 < time.monotonic() - started < 1.5

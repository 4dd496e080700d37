"""One timer for each lane, and no time at which something is due is forgotten."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from tests.workers.test_deliver import ScriptedSink
from workers import clock
from workers.alarms import Alarms
from workers.changes import TenantView
from workers.dispatch import Dispatcher
from workers.sinks.base import SinkOptions
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.scripts import Scripts

P = Partition("acme", 0)


async def test_every_time_that_was_asked_for_is_kept_in_order() -> None:
    alarms, rung, loop = Alarms(), list[float](), asyncio.get_running_loop()
    began = loop.time()
    for seconds in (0.2, 0.05, 0.2, 0.1, -1.0):
        alarms.ring("lane", seconds, lambda: rung.append(loop.time() - began))
    assert len(alarms) == 1
    await asyncio.sleep(0.4)
    assert len(rung) == 4
    assert [due <= at for due, at in zip((0, 0.05, 0.1, 0.2), rung, strict=True)] == [True] * 4
    assert len(alarms) == 0


async def test_a_lane_that_asks_again_while_it_is_called_is_called_again() -> None:
    alarms, rung = Alarms(), list[int]()

    def again() -> None:
        rung.append(1)
        if len(rung) < 3:
            alarms.ring("lane", 0.01, again)

    alarms.ring("lane", 0, again)
    await asyncio.sleep(0.3)
    assert len(rung) == 3


async def test_after_a_stop_nothing_rings() -> None:
    alarms, rung = Alarms(), list[int]()
    alarms.ring("lane", 0.01, lambda: rung.append(1))
    alarms.stop()
    await asyncio.sleep(0.1)
    assert rung == []


async def test_a_lane_that_is_held_back_has_one_timer_however_many_commits_tell_it_so(redis: Redis) -> None:
    scripts = Scripts(redis)
    sinks = {"planning": (SinkOptions(type="x"), ScriptedSink())}
    view = TenantView(ZoneInfo("Europe/Brussels"), 168)
    dispatcher = Dispatcher(scripts, Leases(scripts), sinks, {"acme": view}, [P])
    hold = {"until": clock.now_ms() + 600_000, "attempts": 9, "reason": "HTTP 500"}
    await redis.hset(P.of_sink("hold", "planning"), mapping=hold)
    await redis.set(P.of_sink("cursor", "planning"), 0)
    await redis.hset(P.counts, "applied", 1)
    await redis.xadd(P.events, {"k": "assignments/1", "p": "0", "e": b"{}"}, id="1-0")
    for _ in range(50):
        dispatcher.committed(P)
        await asyncio.gather(*dispatcher._running.values())
    scheduled = getattr(asyncio.get_running_loop(), "_scheduled")  # noqa: B009  # asyncio's own heap of timers
    assert sum(not timer.cancelled() for timer in scheduled) < 10
    assert len(dispatcher.alarms) == 1
    await dispatcher.stop()

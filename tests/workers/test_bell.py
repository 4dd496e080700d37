"""Live wake-ups on a real Redis: from the list to the job, and what becomes of them when a worker ends."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import dramatiq
import pytest
from redis.asyncio import Redis

from workers import queue
from workers.bell import AT_A_TIME, Bell
from workers.delta_walk import AT_ONCE
from workers.queue import BEFORE, LIVE_KEY, Wake, live_message, make_broker
from workers.store import embedded
from workers.store.connect import connect
from workers.store.keys import Partition


class House:
    """Notes which jobs were asked for, and when; `free` holds them back."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.done: list[tuple[object, ...]] = []
        self.at = 0.0
        self.free = asyncio.Event()
        self.free.set()
        self.bell = Bell(redis, {"ingest": self._ingest})
        self.bell.start()

    async def _ingest(self, *about: object) -> None:
        self.at = time.perf_counter()
        await self.free.wait()
        self.done.append(about)

    async def ring(self, *about: str | int) -> None:
        await self.redis.rpush(LIVE_KEY, live_message("ingest", *about))

    async def end(self) -> None:
        self.bell.stop()
        await self.bell.ended()

    async def until(self, holds: Callable[[], bool], seconds: float = 5) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.done
            await asyncio.sleep(0.002)


@pytest.fixture
async def house(redis: Redis) -> AsyncIterator[House]:
    made = House(redis)
    yield made
    made.free.set()
    await made.end()


async def test_a_wake_up_reaches_an_idle_worker_in_milliseconds(house: House) -> None:
    await house.ring("acme", 0)
    await house.until(lambda: len(house.done) == 1)
    seconds = []
    for number in range(1, 21):
        await asyncio.sleep(0.02)
        called = time.perf_counter()
        await house.ring("acme", number)
        await house.until(lambda number=number: len(house.done) == number + 1)  # type: ignore[misc]
        seconds.append(house.at - called)
    assert statistics.median(seconds) < 0.02


async def test_wake_ups_are_worked_on_side_by_side(house: House) -> None:
    house.free.clear()
    for number in range(10):
        await house.ring("acme", number)
    async with asyncio.timeout(5):
        while await house.redis.llen(LIVE_KEY):  # noqa: ASYNC110  # the list lies in Redis
            await asyncio.sleep(0.002)
    assert house.done == []
    house.free.set()
    await house.until(lambda: len(house.done) == 10)


async def test_no_more_is_taken_than_can_be_begun(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.end()
    monkeypatch.setattr("workers.bell.AT_A_TIME", 3)
    busy = House(house.redis)
    busy.free.clear()
    for number in range(8):
        await busy.ring("acme", number)
    await asyncio.sleep(0.1)
    assert await busy.redis.llen(LIVE_KEY) == 5
    busy.free.set()
    await busy.until(lambda: len(busy.done) == 8)
    await busy.end()


async def test_an_end_waits_for_what_was_begun_and_leaves_the_rest_to_others(house: House) -> None:
    house.free.clear()
    await house.ring("acme", 1)
    await house.until(lambda: house.at > 0)
    house.bell.stop()
    await house.ring("acme", 2)
    ending = asyncio.create_task(house.bell.ended())
    await asyncio.sleep(0.05)
    assert not ending.done()
    house.free.set()
    await ending
    assert house.done == [("acme", 1)]
    assert await house.redis.llen(LIVE_KEY) == 1


async def test_what_nobody_understands_is_passed_over(house: House) -> None:
    await house.redis.rpush(LIVE_KEY, b"not a message", live_message("of a later release", "acme"))
    await house.ring("acme", 1)
    await house.until(lambda: house.done == [("acme", 1)])


async def test_a_bell_survives_a_defect_of_the_client(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = True

    async def taken(bell: Bell) -> bytes | None:
        if broken:
            raise AttributeError("'NoneType' object has no attribute 'read'")
        return await sound(bell)

    sound = Bell._taken
    monkeypatch.setattr(Bell, "_taken", taken)
    await house.ring("acme", 1)
    await asyncio.sleep(1.2)  # the round that had begun is over by now
    await house.ring("acme", 2)
    broken = False
    await house.until(lambda: ("acme", 2) in house.done)


async def test_wake_ups_flow_again_after_redis_was_killed_and_restarted(tmp_path: Path) -> None:
    server = await asyncio.to_thread(embedded.start, tmp_path)
    redis = connect(server.url)
    house = House(redis)
    try:
        server.process.kill()
        server.process.wait()
        await asyncio.sleep(0.5)
        server.process = (await asyncio.to_thread(embedded.start, tmp_path)).process
        await house.ring("acme", 1)
        await house.until(lambda: house.done == [("acme", 1)])
    finally:
        await house.end()
        await redis.aclose()
        await asyncio.to_thread(server.stop)


async def test_the_scheduler_rings_both_bells_and_others_one(redis: Redis, redis_url: str) -> None:
    broker = make_broker(redis_url)
    broker.declare_queue(BEFORE)
    Wake(broker).ingest(Partition("acme", 3))
    Wake(broker, both=True).ingest(Partition("acme", 4))
    new = [dramatiq.Message.decode(body) for body in await redis.lrange(LIVE_KEY, 0, -1)]
    assert [(message.actor_name, message.args) for message in new] == [
        ("ingest", ("acme", 3)),
        ("ingest", ("acme", 4)),
    ]
    assert broker.get_declared_queues() == {BEFORE}
    old = next(broker.consume(BEFORE))
    assert old is not None
    assert (old.actor_name, tuple(old.args)) == ("ingest", ("acme", 4))
    broker.client.close()


async def test_with_no_worker_about_wake_ups_do_not_pile_up(
    redis: Redis, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 5)
    broker = make_broker(redis_url)
    broker.declare_queue(BEFORE)
    wake = Wake(broker, both=True)
    for number in range(12):
        wake.ingest(Partition("acme", number))
    waiting = [dramatiq.Message.decode(body).args for body in await redis.lrange(LIVE_KEY, 0, -1)]
    assert waiting == [("acme", number) for number in range(7, 12)]
    assert await redis.llen(f"sw:queue:{BEFORE}") == 5
    broker.client.close()


def test_first_walks_leave_half_of_the_places_to_what_is_live() -> None:
    assert 2 * AT_ONCE <= AT_A_TIME

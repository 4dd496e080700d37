"""The promise: what was answered 202 is on disk; while the store is away the answer is 503, and Protime tries again."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, RedisError

from tests.service.processes import OwnRedis, serve_process
from tests.service.rig import Client, change, serving, settings, stored
from workers.store.connect import connect


@pytest.fixture
async def receiver(own_redis: OwnRedis) -> AsyncIterator[Client]:
    async with serving(settings(own_redis.url)) as client:
        yield client


@pytest.fixture
async def admin(own_redis: OwnRedis) -> AsyncIterator[Redis]:
    async with connect(own_redis.url) as redis:
        yield redis


async def is_refused(receiver: Client, words: str = "the store takes no writes now, try again") -> None:
    response = await receiver.post(change())
    assert (response.status_code, response.json()) == (503, {"error": words})
    assert response.headers["retry-after"] == "5"


@pytest.mark.rule("8.7-refusals")
async def test_503_while_redis_is_away_and_202_as_soon_as_it_is_back(
    receiver: Client, own_redis: OwnRedis
) -> None:
    assert (await receiver.post(change(1))).status_code == 202
    own_redis.kill()
    for _ in range(3):
        await is_refused(receiver)
    own_redis.start()
    assert (await receiver.post(change(2))).status_code == 202
    async with connect(own_redis.url) as redis:
        assert sorted(await stored(redis)) == ["assignments/1", "assignments/2"]


async def test_503_when_redis_is_out_of_memory(receiver: Client, admin: Redis) -> None:
    await admin.config_set("maxmemory", 1)
    await is_refused(receiver)
    await admin.config_set("maxmemory", 0)
    assert (await receiver.post(change())).status_code == 202


async def test_503_when_redis_is_a_replica_that_takes_no_writes(receiver: Client, admin: Redis) -> None:
    await admin.replicaof("127.0.0.1", 1)
    await is_refused(receiver)
    await admin.replicaof("NO", "ONE")
    assert (await receiver.post(change())).status_code == 202


async def test_503_when_redis_refuses_the_scripts(receiver: Client, admin: Redis) -> None:
    assert (await receiver.post(change())).status_code == 202
    await admin.acl_setuser("default", enabled=True, nopass=True, keys=["*"], commands=["-evalsha", "-eval"])
    await is_refused(receiver)
    await admin.acl_setuser("default", enabled=True, nopass=True, keys=["*"], categories=["+@all"])
    assert (await receiver.post(change())).status_code == 202


async def test_a_redis_that_has_forgotten_the_scripts_is_taught_anew(receiver: Client, admin: Redis) -> None:
    assert (await receiver.post(change(1))).status_code == 202
    await admin.script_flush()
    answers = await asyncio.gather(*(receiver.post(change(n)) for n in range(2, 30)))
    assert {a.status_code for a in answers} == {202}
    assert len(await stored(admin)) == 29


@pytest.mark.rule("8.7-time-limit")
async def test_a_redis_that_hangs_costs_a_sender_less_than_ten_seconds(
    receiver: Client, own_redis: OwnRedis
) -> None:
    assert (await receiver.post(change(1))).status_code == 202
    own_redis.signal(signal.SIGSTOP)
    began = time.monotonic()
    await is_refused(receiver)
    assert time.monotonic() - began < 5
    own_redis.signal(signal.SIGCONT)
    assert (await receiver.post(change(2))).status_code == 202


async def knock(client: Client, numbers: list[int], accepted: set[int], stop: asyncio.Event) -> None:
    while not stop.is_set() and numbers:
        number = numbers.pop()
        try:
            response = await client.post(change(number))
        except httpx.TransportError:  # the receiver itself was killed: no answer is no promise
            continue
        assert response.status_code in {202, 503}
        if response.status_code == 202:
            accepted.add(number)


async def survivors(url: str) -> set[int]:
    async with connect(url) as redis:
        deadline = time.monotonic() + 10
        while True:
            try:
                return {int(resource.partition("/")[2]) for resource in await stored(redis)}
            except (BusyLoadingError, RedisError):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)


async def test_everything_answered_202_survives_kill_9_of_redis(tmp_path: Path, own_redis: OwnRedis) -> None:
    (tmp_path / "serve").mkdir()
    chance, numbers, accepted = random.Random(7), list(range(100_000)), set[int]()
    for server in serve_process(tmp_path / "serve", settings(own_redis.url)):
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
            for _ in range(3):
                stop, before = asyncio.Event(), len(accepted)
                knocking = [
                    asyncio.create_task(knock(Client(http), numbers, accepted, stop)) for _ in range(16)
                ]
                await asyncio.sleep(chance.uniform(0.1, 0.5))
                own_redis.kill()
                await asyncio.sleep(0.05)
                own_redis.start()
                stop.set()
                await asyncio.gather(*knocking)
                assert len(accepted) > before
                assert accepted <= await survivors(own_redis.url)


@pytest.mark.rule("8.7-success")
async def test_everything_answered_202_survives_kill_9_of_the_receiver(
    tmp_path: Path, own_redis: OwnRedis
) -> None:
    (tmp_path / "serve").mkdir()
    numbers, accepted, stop = list(range(100_000)), set[int](), asyncio.Event()
    for server in serve_process(tmp_path / "serve", settings(own_redis.url)):
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
            knocking = [asyncio.create_task(knock(Client(http), numbers, accepted, stop)) for _ in range(16)]
            await asyncio.sleep(0.3)
            assert server.process is not None
            server.process.kill()
            server.process.wait()
            stop.set()
            await asyncio.gather(*knocking)
    assert accepted
    assert accepted <= await survivors(own_redis.url)

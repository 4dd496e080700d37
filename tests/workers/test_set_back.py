"""A store that comes back without the end of its file, in the middle of a pull or a load: nothing is stepped over."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from redis.asyncio import Redis

from tests.service.processes import OwnRedis, running
from tests.workers.tenants import Tenant, simulated
from tests.workers.test_deltas import SHIFT
from tests.workers.test_deltas import House as DeltaHouse
from tests.workers.test_sync import House as SyncHouse
from workers.protime import Transient
from workers.store.connect import connect
from workers.store.lives import SetBack, keep, life
from workers.store.scripts import Argument, Call, Scripts


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    yield from running(tmp_path)


@pytest.fixture
async def own(own_redis: OwnRedis) -> AsyncIterator[Redis]:
    client = connect(own_redis.url)
    yield client
    await client.aclose()


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated(page_size=2) as made:
        yield made


class Forgetting(Scripts):
    """Once, right before a bookmark is stored, the store is killed and comes back as it was before the append."""

    def __init__(self, redis: Redis, server: OwnRedis) -> None:
        super().__init__(redis)
        self._server = server
        self._file = next(server.directory.rglob("*.incr.aof"))
        self._before = 0
        self.forgets = True

    async def run_many(self, calls: Sequence[Call], along: Any = None) -> list[Any]:
        if calls[0].script == "append":
            self._before = self._file.stat().st_size
        return await super().run_many(calls, along)

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        if script == "keep" and self._before and self.forgets:
            self.forgets = False
            self._server.kill()
            os.truncate(self._file, self._before)
            self._server.start()
        return await super().run(script, keys, *args)


def forgetting(own: Redis, own_redis: OwnRedis) -> Callable[[Redis], Scripts]:
    return lambda _: Forgetting(own, own_redis)


async def test_a_pull_whose_items_the_store_has_forgotten_is_repeated(
    own: Redis, own_redis: OwnRedis, tenant: Tenant
) -> None:
    house = DeltaHouse(own, tenant)
    await house.pull()
    house = DeltaHouse(own, tenant, make=forgetting(own, own_redis))
    shift = await tenant.edit(**SHIFT)
    await house.pull()
    assert await house.received() == [(f"assignments/{shift['id']}", False, "delta")]


async def test_a_first_walk_whose_records_the_store_has_forgotten_goes_on_before_them(
    own: Redis, own_redis: OwnRedis, tenant: Tenant
) -> None:
    house = DeltaHouse(own, tenant, make=forgetting(own, own_redis))
    made = {f"assignments/{(await tenant.edit(**SHIFT))['id']}" for _ in range(5)}
    await house.pull()
    assert {resource for resource, _, _ in await house.received()} == made
    assert (await house.states.get("acme", "assignments")).link


async def test_a_load_whose_records_the_store_has_forgotten_goes_on_before_them(
    own: Redis, own_redis: OwnRedis, tenant: Tenant
) -> None:
    house = SyncHouse(own, tenant, make=forgetting(own, own_redis))
    made = {f"assignments/{(await tenant.edit(**SHIFT))['id']}" for _ in range(5)}
    await house.load()
    assert {subject for subject, _, _ in await house.events()} == made


async def test_a_pull_that_fails_does_not_write_its_link_into_another_life(
    own: Redis, own_redis: OwnRedis, tenant: Tenant
) -> None:
    """The link of the pull before is what it knows; with the items of that pull the store has forgotten it."""
    file = next(own_redis.directory.rglob("*.incr.aof"))

    class Failing:
        async def delta_pull(self, _: str) -> NoReturn:
            own_redis.kill()
            os.truncate(file, before)
            own_redis.start()
            house.tenants["acme"] = replace(reading, client=tenant.client)
            raise Transient(status=503)

    house = DeltaHouse(own, tenant)
    reading = house.tenants["acme"]
    await house.pull()
    before = file.stat().st_size
    shift = await tenant.edit(**SHIFT)
    await house.pull()
    house.tenants["acme"] = replace(reading, client=Failing())  # type: ignore[arg-type]
    await house.pull()
    assert await house.received() == [(f"assignments/{shift['id']}", False, "delta")]


async def test_a_bookmark_is_kept_in_the_life_it_was_made_in_and_in_no_other(
    own: Redis, own_redis: OwnRedis
) -> None:
    scripts, since = Scripts(own), await life(own)
    await keep(scripts, "sw:{acme}:x", b"1", since)
    own_redis.kill()
    own_redis.start()
    with pytest.raises(SetBack):
        await keep(scripts, "sw:{acme}:x", b"2", since)
    assert await own.get("sw:{acme}:x") == b"1"
    await keep(scripts, "sw:{acme}:x", b"3", await life(own))
    assert await own.get("sw:{acme}:x") == b"3"

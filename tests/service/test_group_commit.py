"""Requests that arrive together share the way to the store, but not each other's fate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from service import accept
from service.accept import Acceptor, StoreAway
from tests.service.rig import config, settings, stored
from workers import queue
from workers.queue import LIVE_KEY
from workers.store import Store
from workers.store.inbox import Arrival, BacklogFull
from workers.store.keys import Partition, partition_of
from workers.store.scripts import Call, Scripts

PARTITIONS = 4


class Rig:
    """An acceptor on a real store, with a list of the wake-ups it sent."""

    def __init__(self, redis: Redis, *, backlog: int = 1000, scripts: Scripts | None = None) -> None:
        store = {"partitions": PARTITIONS, "max_backlog": backlog}
        self.store = Store(config(settings(store=store)), redis)
        self.redis = redis
        self.acceptor = Acceptor(
            self.store.inbox, scripts or self.store.scripts, lambda p, c: f"{p} {c}".encode()
        )

    async def woken(self) -> list[str]:
        """Whom the wake-ups that were sent until now are for."""
        await self.acceptor.close()
        return [message.decode() for message in await self.redis.lrange(LIVE_KEY, 0, -1)]

    async def append(self, *numbers: int) -> None:
        await self.acceptor.append("acme", "assignments", [arrival(n) for n in numbers])


def arrival(number: int) -> Arrival:
    return Arrival(f"assignments/{number}", "01", deleted=False, data=b'{"id":%d}' % number)


def of_partition(partition: int, count: int, start: int = 0) -> list[int]:
    """Numbers whose resources are in a partition."""
    found = (n for n in range(start, 100_000) if partition_of(f"assignments/{n}", PARTITIONS) == partition)
    return [next(found) for _ in range(count)]


async def script_calls(redis: Redis) -> int:
    stats: dict[str, Any] = await redis.info("commandstats")
    return int(stats.get("cmdstat_evalsha", {}).get("calls", 0))


async def test_many_requests_share_few_calls(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.append(0)  # the scripts are known from here on
    before = await script_calls(redis)
    await asyncio.gather(*(rig.append(n) for n in range(1, 301)))
    assert await script_calls(redis) - before <= 2 * PARTITIONS
    assert len(await stored(redis)) == 301


@pytest.mark.rule("8.7-success")
async def test_a_request_is_answered_only_when_its_changes_are_stored(redis: Redis) -> None:
    rig = Rig(redis)

    async def one(number: int) -> bool:
        await asyncio.sleep(number / 10_000)
        await rig.append(number)
        return f"assignments/{number}" in await stored(redis)

    assert all(await asyncio.gather(*(one(n) for n in range(60))))


@pytest.mark.rule("11.2-serial")
async def test_changes_of_one_resource_keep_their_order(redis: Redis) -> None:
    rig = Rig(redis)
    versions = [f"{n:02}" for n in range(50)]
    await asyncio.gather(
        *(
            rig.acceptor.append(
                "acme", "assignments", [Arrival("assignments/1", v, deleted=False, data=b"{}")]
            )
            for v in versions
        )
    )
    partition = Partition("acme", partition_of("assignments/1", PARTITIONS))
    rows: Any = await redis.xrange(partition.inbox)
    assert [fields[b"v"].decode() for _, fields in rows] == versions


async def test_a_sender_that_goes_away_breaks_nobody_else(redis: Redis) -> None:
    rig = Rig(redis)
    tasks = [asyncio.create_task(rig.append(n)) for n in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(o, asyncio.CancelledError) for o in outcomes] == [True, False] * 20
    assert outcomes[1::2] == [None] * 20
    assert {f"assignments/{n}" for n in range(1, 40, 2)} <= set(await stored(redis))


async def test_a_full_partition_fails_only_the_requests_that_touch_it(redis: Redis) -> None:
    rig = Rig(redis, backlog=5)
    full, free = of_partition(0, 7), of_partition(1, 5)
    await rig.append(*full[:5])
    outcomes = await asyncio.gather(
        *(rig.append(n) for n in (full[5], *free, full[6])), return_exceptions=True
    )
    assert [type(o) for o in outcomes] == [BacklogFull, *[type(None)] * 5, BacklogFull]


async def test_an_array_that_touches_a_full_partition_fails_and_its_repetition_is_harmless(
    redis: Redis,
) -> None:
    rig = Rig(redis, backlog=5)
    full, free = of_partition(0, 6), of_partition(1, 2)
    await rig.append(*full[:5])
    with pytest.raises(BacklogFull):
        await rig.append(full[5], *free)
    await redis.delete(Partition("acme", 0).inbox)
    await rig.append(full[5], *free)
    # What was stored the first time is there twice: the gate lets it through once.
    assert sorted(await stored(redis)) == sorted(f"assignments/{n}" for n in (full[5], *free, *free))


async def test_a_full_backlog_counts_nothing_as_received(redis: Redis) -> None:
    rig = Rig(redis, backlog=1)
    numbers = of_partition(2, 3)
    await rig.append(numbers[0])
    with pytest.raises(BacklogFull):
        await rig.append(*numbers[1:])
    assert await redis.hget(Partition("acme", 2).counts, "received:webhook") == b"1"


async def test_an_idle_partition_is_woken_once_and_nobody_is_woken_for_nothing(redis: Redis) -> None:
    rig = Rig(redis, backlog=5)
    await asyncio.gather(*(rig.append(n) for n in of_partition(3, 5)))
    assert await rig.woken() == ["acme:3 assignments"]
    with pytest.raises(BacklogFull):
        await rig.append(of_partition(3, 6)[5])
    assert len(await rig.woken()) == 1


async def test_the_wake_up_of_a_quiet_partition_rides_with_its_append(redis: Redis) -> None:
    rig = Rig(redis)
    await rig.append(*of_partition(1, 1))  # the scripts are known from here on
    before = await trips(redis)
    await rig.append(*of_partition(2, 1))
    assert await trips(redis) - before == 2  # append and push, in one pipeline, and nothing after it
    assert await rig.woken() == ["acme:1 assignments", "acme:2 assignments"]


async def test_where_one_follows_the_other_the_store_says_whether_somebody_is_to_be_woken(
    redis: Redis,
) -> None:
    rig = Rig(redis)
    numbers = of_partition(1, 3)
    await rig.append(numbers[0])
    await rig.append(numbers[1])  # somebody is called already
    assert len(await rig.woken()) == 1
    await redis.delete(Partition("acme", 1).woken)  # he came and went
    await rig.append(numbers[2])
    assert len(await rig.woken()) == 2


async def test_with_no_worker_about_wake_ups_do_not_pile_up(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "MOST_WAITING", 3)
    monkeypatch.setattr(accept, "_QUIET_SECONDS", 0)
    rig = Rig(redis)
    for number in of_partition(1, 6) + of_partition(2, 2):
        await rig.append(number)
    assert await rig.woken() == ["acme:1 assignments", "acme:2 assignments", "acme:2 assignments"]


async def trips(redis: Redis) -> int:
    stats: dict[str, Any] = await redis.info("commandstats")
    return sum(int(stats.get(f"cmdstat_{name}", {}).get("calls", 0)) for name in ("evalsha", "rpush"))


class Broken(Scripts):
    """A store whose client has a defect, until it is mended."""

    broken = True

    async def run_many(self, calls: Sequence[Call], along: Any = None) -> list[Any]:
        if self.broken:
            raise AttributeError("'NoneType' object has no attribute 'write'")
        return await super().run_many(calls, along)


async def test_an_error_nobody_thought_of_is_an_answer_too_and_the_next_request_works(redis: Redis) -> None:
    scripts = Broken(redis)
    rig = Rig(redis, scripts=scripts)
    async with asyncio.timeout(2):
        outcomes = await asyncio.gather(*(rig.append(n) for n in range(5)), return_exceptions=True)
    assert [type(o) for o in outcomes] == [StoreAway] * 5
    scripts.broken = False
    await rig.append(6)
    assert await stored(redis) == ["assignments/6"]


async def test_requests_of_several_tenants_and_collections_share_a_commit(redis: Redis) -> None:
    rig = Rig(redis)
    await asyncio.gather(
        rig.append(1),
        rig.acceptor.append("acme", "clockings", [Arrival("clockings/1", "01", deleted=False, data=b"{}")]),
        rig.acceptor.append("other", "assignments", [arrival(1)]),
    )
    assert await stored(redis) == ["assignments/1"]
    assert await stored(redis, "clockings") == ["assignments/1", "clockings/1"]
    assert len(await redis.keys("sw:{other:*}:inbox:assignments")) == 1

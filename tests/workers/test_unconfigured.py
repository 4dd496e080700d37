"""A collection that was taken out of the configuration while notifications wait for its delta."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from tests.workers.test_ingest import record
from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.store.dead_letters import DeadLetter, DeadLetters
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.ledger import Ledger, Row
from workers.store.scripts import Scripts
from workers.unconfigured import Unconfigured

P = Partition("acme", 0)


class House:
    """`collections` are configured, each with a delta."""

    def __init__(self, redis: Redis, *collections: str, patience: float = 0.0) -> None:
        scripts = Scripts(redis)
        self.redis, self.scripts, self._collections = redis, scripts, collections
        waiting = {"acme": dict.fromkeys(collections, True)}
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting=waiting)
        view = TenantIngest(
            "acme", TenantView(ZoneInfo("Europe/Brussels"), 168), dict.fromkeys(collections, "delta")
        )
        self.unconfigured = Unconfigured(self.inbox, Gate(scripts), {"acme": view}, patience)

    async def notify(self, resource: str, data: bytes = b"") -> None:
        arrival = Arrival(resource, "01", deleted=False, data=data or record("01"))
        call = self.inbox.notify_call(P, resource.partition("/")[0], [arrival])
        await self.scripts.run_many([call])

    async def row(self) -> Row:
        return await Ledger(self.scripts, self.inbox, {"acme": self._collections}).row("acme", "planning")

    async def letters(self) -> list[DeadLetter]:
        return [letter async for letter in DeadLetters(self.scripts, self.inbox).all("acme")]


async def test_what_waits_for_a_collection_that_is_gone_is_in_flight_until_it_is_rejected(
    redis: Redis,
) -> None:
    await House(redis, "assignments", "clockings").notify("assignments/1")
    house = House(redis, "clockings")
    assert (await house.row()).in_flight == 1
    assert (await house.row()).balanced
    await house.unconfigured.settle("acme")
    row = await house.row()
    assert (row.rejected, row.in_flight, row.balanced) == (1, 0, True)
    [letter] = await house.letters()
    assert (letter.resource, letter.reason, letter.raw) == ("assignments/1", "not configured", record("01"))


async def test_a_release_before_has_left_the_field_by_which_it_is_found(redis: Redis) -> None:
    before = House(redis, "assignments")
    await before.notify("assignments/1")
    await before.inbox.pulled_through("assignments", {P: "1-0"})
    assert await redis.hgetall(P.through) == {b"assignments": b"1-0"}
    house = House(redis, "clockings")
    await house.unconfigured.settle("acme")
    assert (await house.row()).rejected == 1


async def test_the_note_that_something_waits_lets_nothing_go(redis: Redis) -> None:
    house = House(redis, "assignments")
    await house.notify("assignments/1")
    batch = await house.inbox.read(P, "me")
    assert batch is not None
    assert batch.entries == []


async def test_a_retired_path_that_still_answers_leaves_nothing_behind(redis: Redis) -> None:
    house = House(redis, "clockings")
    await house.notify("assignments/1")
    await house.unconfigured.settle("acme")
    assert [letter.reason for letter in await house.letters()] == ["not configured"]
    assert (await house.row()).balanced


async def test_a_collection_that_only_newer_workers_know_is_left_to_them(redis: Redis) -> None:
    newer, older = House(redis, "assignments", "clockings"), House(redis, "clockings", patience=60)
    await newer.notify("assignments/1")
    await older.unconfigured.settle("acme")
    assert await older.letters() == []
    assert len(await newer.inbox.waiting(P, "assignments")) == 1


async def test_what_is_dated_in_the_future_is_not_waited_for(redis: Redis) -> None:
    await redis.xdel(
        P.waiting("assignments"), await redis.xadd(P.waiting("assignments"), {"k": "x"}, "9" * 13)
    )
    house = House(redis, "clockings", patience=60)
    await house.notify("assignments/1")
    await house.unconfigured.settle("acme")
    assert len(await house.letters()) == 1


async def test_a_configured_collection_is_left_alone(redis: Redis) -> None:
    house = House(redis, "assignments")
    await house.notify("assignments/1")
    await house.unconfigured.settle("acme")
    assert await house.letters() == []


async def test_more_than_a_page_is_rejected_in_one_go(redis: Redis) -> None:
    house = House(redis, "clockings")
    for number in range(501):
        await house.notify(f"assignments/{number}")
    await house.unconfigured.settle("acme")
    assert (await house.row()).rejected == 501


@pytest.mark.parametrize("key", ["journal", "dead"])
async def test_raw_data_of_a_person_is_not_kept(redis: Redis, key: str) -> None:
    house = House(redis, "clockings")
    await house.notify("people/1", b'{"id":1,"changeVersion":"01","ssn":"a-secret-number"}')
    await house.unconfigured.settle("acme")
    assert len(await house.letters()) == 1
    assert "a-secret-number" not in str(await redis.xrange(getattr(P, key)))

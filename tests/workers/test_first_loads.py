"""Records of a first load on a real Redis: what nothing is known of goes straight to the log, everything else by the inbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.first_loads import Behind, Straight
from workers.ingest import Ingest
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.ledger import Ledger, Row
from workers.store.scripts import Call, Scripts


async def never(*_: object) -> None:
    raise AssertionError("nothing is to be fetched")


class Interrupting(Scripts):
    """Lets `between` happen after the look at the store and before the load."""

    between: Sequence[Arrival] = ()
    inbox: Inbox
    ingest: Ingest

    async def run_many(self, calls: Sequence[Call], along: Any = None) -> list[Any]:
        if self.between and calls[0].script == "load":
            some, self.between = self.between, ()
            for partition in await self.inbox.append("acme", "webhook", some):
                await self.ingest.drain(partition)
        return await super().run_many(calls, along)


class House:
    def __init__(self, redis: Redis, partitions: int = 2) -> None:
        self.redis, self.scripts = redis, Interrupting(redis)
        self.inbox = Inbox(self.scripts, partitions=partitions, max_backlog=0, waiting={"acme": {}})
        view = TenantView(ZoneInfo("Europe/Brussels"), 168)
        tenants = {"acme": TenantIngest("acme", view, {"assignments": "delta"})}
        gate, leases = Gate(self.scripts), Leases(self.scripts)
        self.ingest = Ingest(self.inbox, gate, leases, tenants, never, lambda _: None)
        self.scripts.inbox, self.scripts.ingest = self.inbox, self.ingest
        self.committed: list[Partition] = []
        behind = Behind(self.inbox, lambda _: None)
        self.way = Straight(self.scripts, self.inbox, tenants, self.committed.append, behind)

    async def waiting(self) -> int:
        return await self.inbox.bulk_backlog("acme")

    async def events(self) -> list[tuple[str, str, str, str]]:
        """All events: (subject, sequence, change, origin), those of a record in their order."""
        found = []
        for partition in self.inbox.all("acme"):
            await self.ingest.drain(partition)
            rows = await self.redis.xrange(partition.events)
            numbers = [int(id_.partition(b"-")[0]) for id_, _ in rows]
            assert numbers == list(range(1, len(rows) + 1))
            found += [msgspec.json.decode(f[b"e"]) for _, f in rows]
        told = [(e["subject"], e["sequence"], e["data"]["change"], e["origin"]) for e in found]
        return sorted(told, key=lambda event: event[0])

    async def row(self) -> Row:
        return await Ledger(self.scripts, self.inbox, {"acme": ["assignments"]}).row("acme", "nobody")


def record(number: int, version: str = "01", **fields: Any) -> Arrival:
    body = {"id": number, "changeVersion": version, "from": "2026-03-10", "startTimeInMinutes": 480, **fields}
    return Arrival(f"assignments/{number}", version, deleted=False, data=msgspec.json.encode(body))


def created(*numbers: int) -> list[tuple[str, str, str, str]]:
    return [(f"assignments/{number}", "01", "created", "sync") for number in numbers]


@pytest.fixture
def house(redis: Redis) -> House:
    return House(redis)


async def test_records_that_nothing_is_known_of_become_events_at_once(house: House) -> None:
    await house.way.take("acme", [record(n) for n in range(1, 9)])
    assert await house.waiting() == 0
    assert set(house.committed) == set(house.inbox.all("acme"))
    assert await house.events() == created(*range(1, 9))


async def test_an_event_is_the_one_that_the_inbox_would_have_given(house: House, redis: Redis) -> None:
    await house.way.take("acme", [record(1)])
    kept = await everything(house)
    await redis.flushall()
    await Behind(house.inbox, lambda _: None).take("acme", [record(1)])
    assert await house.events() == created(1)
    assert await everything(house) == kept


async def everything(house: House) -> list[Any]:
    """What the store has of a load, but for the times."""
    found: list[Any] = []
    for p in house.inbox.all("acme"):
        found.append(await house.redis.hgetall(p.state))
        for key in (p.events, p.journal):
            for _, fields in await house.redis.xrange(key):
                fields.pop(b"i", None)
                event = msgspec.json.decode(fields.pop(b"e", b"{}"))
                found.append((fields, {name: v for name, v in event.items() if name != "time"}))
        found.append(await house.redis.hgetall(p.counts))
    return found


async def test_what_is_known_goes_by_the_inbox_and_is_compared_there(house: House) -> None:
    await house.way.take("acme", [record(1), record(2)])
    await house.way.take("acme", [record(1), record(2, "02"), record(3)])
    assert await house.waiting() == 2
    assert await house.events() == [
        *created(1),
        *created(2),
        ("assignments/2", "02", "updated", "sync"),
        *created(3),
    ]


async def test_a_page_that_is_loaded_again_after_a_kill_doubles_nothing(house: House) -> None:
    for _ in range(3):
        await house.way.take("acme", [record(n) for n in range(1, 6)])
    assert await house.events() == created(*range(1, 6))


async def test_what_a_notification_told_between_look_and_load_is_not_overwritten(house: House) -> None:
    house.scripts.between = [record(1, "07")]
    await house.way.take("acme", [record(1), record(2), record(3)])
    assert await house.events() == [("assignments/1", "07", "created", "webhook"), *created(2, 3)]


async def test_a_page_may_have_any_size(redis: Redis) -> None:
    house = House(redis, partitions=1)
    await house.way.take("acme", [record(n) for n in range(1, 9_001)])
    assert await redis.xlen(Partition("acme", 0).events) == 9_000
    assert await house.waiting() == 0


async def test_the_ledger_balances_after_a_load(house: House) -> None:
    await house.way.take("acme", [record(1), record(2)])
    await house.way.take("acme", [record(1), record(3), record(3, "02")])
    await house.events()
    row = await house.row()
    assert row.balanced
    assert (row.received, row.in_flight, row.superseded) == (5, 4, 1)


@pytest.mark.parametrize(
    "odd",
    [
        Arrival("assignments/-", "01", deleted=False, data=b'{"id":"x"}'),
        Arrival("assignments/7", "01", deleted=False, data=b'{"id":7,"from":"no day"}'),
        Arrival("assignments/7", "01", deleted=False, data=b'{"id":7,"comment":"\xff"}'),
    ],
)
async def test_what_cannot_be_understood_is_a_dead_letter_and_holds_nothing_up(
    house: House, odd: Arrival
) -> None:
    await house.way.take("acme", [record(1), odd, record(2)])
    assert await house.events() == created(1, 2)
    assert (await house.row()).rejected == 1


async def test_records_without_a_version_and_deletions_are_compared_as_ever(house: House) -> None:
    gone = Arrival("assignments/1", "02", deleted=True, data=b"")
    await house.way.take("acme", [record(1)])
    await house.way.take("acme", [gone, record(2, "")])
    assert await house.waiting() == 2
    assert [event[:1] + event[2:] for event in await house.events()] == [
        ("assignments/1", "created", "sync"),
        ("assignments/1", "deleted", "sync"),
        ("assignments/2", "created", "sync"),
    ]


async def test_a_store_that_does_not_take_a_load_is_an_error_of_the_load(house: House, redis: Redis) -> None:
    await redis.set(house.inbox.partition("acme", "assignments/1").events, "not a stream")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await house.way.take("acme", [record(1)])


async def test_what_one_partition_refuses_is_loaded_with_the_next_try_and_nothing_twice(
    house: House, redis: Redis
) -> None:
    records = [record(n) for n in range(1, 41)]
    broken = house.inbox.partition("acme", "assignments/1")
    await redis.set(broken.events, "not a stream")
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await house.way.take("acme", records)
    await redis.delete(broken.events)
    await house.way.take("acme", records)
    assert sorted(await house.events()) == sorted(created(*range(1, 41)))

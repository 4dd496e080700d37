"""The gate against a real Redis: what it lets through, what it counts, and that it does both at once."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from workers.store.gate import CHAINED, Apply, Gate, Reject, Same, Supersede
from workers.store.inbox import Arrival, Entry, Inbox, Stored, stored
from workers.store.keys import Partition
from workers.store.ledger import counted
from workers.store.scripts import Scripts

P = Partition("acme", 0)
RESOURCE = "assignments/1"


class House:
    """An inbox and a gate of one partition."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        scripts = Scripts(redis)
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        self.gate = Gate(scripts)

    async def receive(self, version: str, *, deleted: bool = False, resource: str = RESOURCE) -> Entry:
        arrival = Arrival(resource, version, deleted, b"{}")
        await self.inbox.append("acme", "delta", [arrival])
        batch = await self.inbox.read(P, "me")
        assert batch is not None
        return batch.entries[-1]

    async def state(self, resource: str = RESOURCE) -> Stored | None:
        value = await self.redis.hget(P.state, resource)
        return stored(value) if value else None

    async def counts(self) -> dict[str, int]:
        flat = [x for pair in (await self.redis.hgetall(P.counts)).items() for x in pair]
        return counted(flat)

    async def events(self) -> list[bytes]:
        return [fields[b"e"] for _, fields in await self.redis.xrange(P.events)]


@pytest.fixture
def house(redis: Redis) -> House:
    return House(redis)


def apply(entry: Entry, expected: str = "0", *, deleted: bool = False) -> Apply:
    event = f"event {entry.version}".encode()
    return Apply(entry.resource, entry.id, expected, entry.version, deleted, b"{}", event)


async def test_a_change_becomes_state_event_and_count_and_leaves_the_inbox(house: House) -> None:
    entry = await house.receive("01")
    passed = await house.gate.pass_through(P, [apply(entry)])
    assert passed.applied == 1
    assert await house.state() == Stored("01", False, 1, b"{}")
    assert await house.events() == [b"event 01"]
    assert await house.counts() == {"received:delta": 1, "applied": 1}
    assert await house.redis.xlen(P.inbox) == 0


async def test_an_entry_that_is_gone_counts_nothing(house: House) -> None:
    entry = await house.receive("01")
    await house.gate.pass_through(P, [apply(entry)])
    passed = await house.gate.pass_through(P, [apply(entry, "1"), Supersede(RESOURCE, entry.id, "01")])
    assert (passed.applied, passed.superseded) == (0, 0)
    assert await house.events() == [b"event 01"]
    assert await house.counts() == {"received:delta": 1, "applied": 1}


async def test_a_state_that_is_not_the_expected_one_refuses_and_keeps_the_entry(house: House) -> None:
    first, second = await house.receive("01"), await house.receive("02")
    await house.gate.pass_through(P, [apply(first)])
    passed = await house.gate.pass_through(P, [apply(second, "0"), Supersede(RESOURCE, second.id, "02")])
    assert passed.conflicts == (RESOURCE,)
    assert await house.events() == [b"event 01"]
    assert await house.redis.xlen(P.inbox) == 1


async def test_events_of_one_resource_chain_within_a_transaction(house: House) -> None:
    first, second = await house.receive("01"), await house.receive("02")
    passed = await house.gate.pass_through(P, [apply(first), apply(second, CHAINED)])
    assert passed.applied == 2
    rows = await house.redis.xrange(P.events)
    assert [(id_, fields[b"p"]) for id_, fields in rows] == [(b"1-0", b"0"), (b"2-0", b"1")]


async def test_a_rejected_change_goes_to_the_dead_letters_with_its_raw_data(house: House) -> None:
    entry = await house.receive("01")
    passed = await house.gate.pass_through(P, [Reject(RESOURCE, entry.id, "why")])
    assert passed.rejected == 1
    [(_, letter)] = await house.redis.xrange(P.dead)
    assert (letter[b"r"], letter[b"e"], letter[b"s"]) == (b"why", b"{}", b"")
    assert await house.counts() == {"received:delta": 1, "rejected": 1}


async def test_a_later_delete_of_what_is_deleted_raises_the_tombstone(house: House) -> None:
    first, second = await house.receive("02", deleted=True), await house.receive("05", deleted=True)
    await house.gate.pass_through(P, [apply(first, deleted=True)])
    await house.gate.pass_through(P, [Supersede(RESOURCE, second.id, "05")])
    state = await house.state()
    assert state is not None
    assert (state.version, state.deleted) == ("05", True)


@pytest.mark.rule("7-tombstone")
async def test_a_late_older_delete_does_not_lower_the_tombstone(house: House) -> None:
    first, second = await house.receive("05", deleted=True), await house.receive("02", deleted=True)
    await house.gate.pass_through(P, [apply(first, deleted=True)])
    await house.gate.pass_through(P, [Supersede(RESOURCE, second.id, "02")])
    state = await house.state()
    assert state is not None
    assert state.version == "05"


async def test_scripts_are_loaded_again_after_redis_forgot_them(house: House) -> None:
    await house.receive("01")
    await house.redis.script_flush()
    entry = await house.receive("02")
    await house.redis.script_flush()
    assert (await house.gate.pass_through(P, [apply(entry)])).applied == 1


async def test_a_second_worker_does_not_get_a_leased_partition_and_the_first_looks_again(
    house: House,
) -> None:
    await house.receive("01")
    assert await house.inbox.read(P, "somebody else") is None
    assert await house.inbox.leave(P, "me") is True
    assert await house.inbox.leave(P, "me") is False
    assert await house.inbox.read(P, "somebody else") is not None


async def test_a_state_that_is_told_once_more_gets_its_version_unless_it_moved(house: House) -> None:
    first, again = await house.receive("-"), await house.receive("05")
    passed = await house.gate.pass_through(P, [apply(first), Same(RESOURCE, again.id, CHAINED, "05")])
    assert (passed.applied, passed.superseded) == (1, 1)
    assert await house.state() == Stored("05", False, 1, b"{}")
    third, late = await house.receive("06"), await house.receive("04")
    passed = await house.gate.pass_through(P, [apply(third, "1"), Same(RESOURCE, late.id, "1", "04")])
    assert passed.conflicts == (RESOURCE,)
    assert await house.state() == Stored("06", False, 2, b"{}")
    assert await house.redis.xlen(P.inbox) == 1

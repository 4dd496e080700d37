"""The inbox against a real Redis: what is accepted is counted, limited, and calls for a worker at most once."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition, partition_of
from workers.store.scripts import Scripts

P = Partition("acme", 0)


def inbox(redis: Redis, *, waits: bool = False, backlog: int = 0) -> Inbox:
    waiting = {"acme": {"assignments": waits}}
    return Inbox(Scripts(redis), partitions=1, max_backlog=backlog, waiting=waiting)


async def notify(box: Inbox, *numbers: int) -> int:
    arrivals = [Arrival(f"assignments/{n}", "01", deleted=False, data=b'{"id":1}') for n in numbers]
    [answer] = await box._scripts.run_many([box.notify_call(P, "assignments", arrivals)])
    return int(answer)


async def test_only_the_first_append_to_an_idle_partition_calls_a_worker(redis: Redis) -> None:
    box = inbox(redis)
    assert [await notify(box, n) for n in (1, 2, 3)] == [1, 0, 0]


async def test_an_append_to_a_partition_at_work_calls_nobody_but_is_seen_on_leaving(redis: Redis) -> None:
    box = inbox(redis)
    await notify(box, 1)
    await box.read(P, "me")
    assert await notify(box, 2) == 0
    assert await box.leave(P, "me") is True


async def test_a_full_backlog_takes_all_of_an_append_or_nothing(redis: Redis) -> None:
    box = inbox(redis, backlog=2)
    assert await notify(box, 1) == 1
    assert await notify(box, 2, 3) == -1
    assert await redis.xlen(P.inbox) == 1
    assert await redis.hget(P.counts, "received:webhook") == b"1"


async def test_notifications_that_wait_for_a_delta_are_not_read_before_it_was_pulled(redis: Redis) -> None:
    box = inbox(redis, waits=True)
    await notify(box, 1)
    batch = await box.read(P, "me")
    assert batch is not None
    assert batch.entries == []
    marks = await box.waiting_marks("acme", "assignments")
    await notify(box, 2)
    await box.pulled_through("assignments", marks)
    batch = await box.read(P, "me")
    assert batch is not None
    assert [e.resource for e in batch.entries] == ["assignments/1"]
    assert batch.entries[0].id.startswith("assignments:")


async def test_a_pull_makes_the_next_notification_call_for_another_pull(redis: Redis) -> None:
    box = inbox(redis, waits=True)
    assert [await notify(box, 1), await notify(box, 2)] == [1, 0]
    await box.waiting_marks("acme", "assignments")
    assert await notify(box, 3) == 1


async def test_what_waited_for_a_delta_goes_on_when_the_mode_is_changed(redis: Redis) -> None:
    await notify(inbox(redis, waits=True), 1)
    batch = await inbox(redis, waits=False).read(P, "me")
    assert batch is not None
    assert [e.resource for e in batch.entries] == ["assignments/1"]


async def test_an_entry_comes_back_as_it_was_given(redis: Redis) -> None:
    box = inbox(redis)
    await box.append("acme", "delta", [Arrival("assignments/7", "0A", deleted=True, data=b"")])
    batch = await box.read(P, "me")
    assert batch is not None
    [entry] = batch.entries
    assert (entry.resource, entry.version, entry.deleted, entry.origin, entry.data) == (
        "assignments/7",
        "0A",
        True,
        "delta",
        b"",
    )


@pytest.mark.rule("11.2-serial")
def test_a_resource_stays_in_its_partition() -> None:
    assert [partition_of(f"assignments/{n}", 8) for n in range(4)] == [2, 4, 6, 0]

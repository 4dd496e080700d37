"""The number of partitions is noted in the store, and another one is refused before anything is lost."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.service.rig import config, managed
from workers.config import Config
from workers.store import Store
from workers.store.connect import UnsafeStore
from workers.store.gate import Apply
from workers.store.inbox import Arrival
from workers.store.keys import Partition
from workers.store.partition_count import OtherPartitions, claim, compare

NOTE = "sw:partitions"


def kept_with(partitions: int, url: str = "") -> Config:
    return config(managed(url, store={"partitions": partitions}))


async def filled(redis: Redis, partitions: int) -> None:
    """What a release before the note leaves: records in the partitions of that number."""
    store = Store(kept_with(partitions), redis)
    for number in range(1, 40):
        name = f"assignments/{number}"
        await store.inbox.append("acme", "webhook", [Arrival(name, "01", deleted=False, data=b"{}")])
        partition = store.inbox.partition("acme", name)
        batch = await store.inbox.read(partition, "me")
        assert batch is not None
        apply = Apply(name, batch.entries[0].id, "0", "01", deleted=False, body=b"{}", event=b"{}")
        await store.gate.pass_through(partition, [apply])


@pytest.fixture
def url(redis: Redis) -> str:
    return f"unix://{redis.connection_pool.connection_kwargs['path']}"


@pytest.mark.parametrize(("before", "now"), [(16, 8), (8, 16)])
async def test_another_number_than_the_store_was_begun_with_is_refused(
    redis: Redis, url: str, before: int, now: int
) -> None:
    await claim(kept_with(before, url), url)
    with pytest.raises(OtherPartitions, match=f"{now}.*kept with {before}.*back to {before}.*empty store"):
        await claim(kept_with(now, url), url)
    await claim(kept_with(before, url), url)


@pytest.mark.parametrize(("before", "now"), [(16, 8), (8, 16), (8, 7), (8, 64)])
async def test_another_number_than_the_release_before_kept_it_with_is_refused(
    redis: Redis, url: str, before: int, now: int
) -> None:
    await filled(redis, before)
    with pytest.raises(OtherPartitions, match=f"back to {before}"):
        await claim(kept_with(now, url), url)
    assert await redis.get(NOTE) is None
    await claim(kept_with(before, url), url)
    assert await redis.get(NOTE) == b"%d" % before


async def test_what_waits_in_a_partition_beyond_the_number_is_enough_to_refuse(
    redis: Redis, url: str
) -> None:
    store = Store(kept_with(16), redis)
    call = store.inbox.notify_call(Partition("acme", 12), "assignments", [Arrival("a/1", "01", False, b"{}")])
    await store.scripts.run_many([call])
    with pytest.raises(OtherPartitions, match="such as 13"):
        await claim(kept_with(8, url), url)


async def test_a_command_compares_and_leaves_no_note_in_an_empty_store(redis: Redis, url: str) -> None:
    await compare(kept_with(8), redis)
    assert await redis.get(NOTE) is None
    await claim(kept_with(16, url), url)
    with pytest.raises(OtherPartitions):
        await compare(kept_with(8), redis)


async def test_a_store_that_was_kept_with_several_numbers_goes_on_where_nothing_gets_out_of_sight(
    redis: Redis,
) -> None:
    """A release before the note let the number be changed; what that cost is lost already."""
    await filled(redis, 8)
    await filled(redis, 16)
    await compare(kept_with(16), redis)
    with pytest.raises(OtherPartitions, match="back to 16"):
        await compare(kept_with(8), redis)


def test_it_ends_with_the_exit_code_of_a_bad_configuration() -> None:
    assert issubclass(OtherPartitions, UnsafeStore)

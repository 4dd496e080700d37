"""Orders that get in each other's way, or are sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.service.event_log import EventLog
from workers.replay.conditions import Conditions
from workers.store.replays import Replay, Replays, ReplayUnderWay
from workers.store.scripts import Call, Scripts


class BrokenOnce(Scripts):
    """A client whose connection breaks after the store has done what it was asked: it asks again."""

    async def run_many(self, calls: Sequence[Call]) -> list[Any]:
        await super().run_many(calls)
        return await super().run_many(calls)


class LookedBefore(Replays):
    """Has looked for other replays a moment before they were ordered."""

    async def all(self, *_: Any, **__: Any) -> list[Replay]:
        return []


async def test_an_order_that_was_sent_twice_is_one(redis: Redis, log: EventLog) -> None:
    partitions = log.store.inbox.all("acme")
    id_ = await Replays(BrokenOnce(redis)).order("archive", partitions, Conditions(), force=False)
    [found] = await log.store.replays.all("archive", partitions)
    assert (found.id, found.state, found.total) == (id_, "running", 4)


async def test_an_order_that_finds_another_in_its_way_takes_itself_back(log: EventLog) -> None:
    store, partitions = log.store, log.store.inbox.all("acme")
    one = [store.inbox.partition("acme", "assignments/1")]
    first = await store.replays.order("archive", one, Conditions(), force=False)
    with pytest.raises(ReplayUnderWay, match=str(first)):
        await LookedBefore(store.scripts).order("archive", partitions, Conditions(), force=False)
    known = await store.replays.all("archive", partitions)
    assert [replay.id for replay in known if replay.state == "running"] == [first]
    assert [replay.state for replay in known if replay.id != first] == ["cancelled"]

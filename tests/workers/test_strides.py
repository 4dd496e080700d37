"""A lane reads farther where its filter lets nothing through, and never hands on more than a killed worker may repeat."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest
from redis.asyncio import Redis

from tests.workers.test_deliver import ScriptedSink, event
from workers.dispatch import Dispatcher
from workers.sinks.base import Filter, SinkOptions
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.outcomes import Logged, Outcome, Reading
from workers.store.scripts import Argument, Call, Scripts
from workers.strides import LEAST, MOST, Strides


def strides(*, batch: int = 1, only: Filter | None = None) -> Strides:
    options = SinkOptions(type="scripted", batch=batch, filter=only or Filter())
    return Strides({"planning": (options, ScriptedSink())})


@pytest.fixture
def lane() -> Lane:
    return Lane(Scripts(cast("Redis", None)), Partition("acme", 0), "planning")


def reading(persons: Sequence[int]) -> Reading:
    return Reading(0, 0, [Logged(n, f"assignments/{p}", event(p, n)) for n, p in enumerate(persons, 1)])


def filtered(read: Reading) -> Outcome:
    return Outcome(cursor_to=read.events[-1].number, filtered=[e.number for e in read.events])


def test_the_stride_grows_while_nothing_is_wanted_up_to_a_limit_and_not_at_the_end_of_the_log(
    lane: Lane,
) -> None:
    made, sizes = strides(), []
    for _ in range(5):
        sizes.append(made.of(lane))
        made.took(lane, read := reading(range(made.of(lane))), filtered(read))
    assert sizes == [LEAST, LEAST * 4, LEAST * 16, MOST, MOST]
    made.took(lane, read := reading([1, 2]), filtered(read))
    assert made.of(lane) == MOST


def test_with_the_first_wanted_event_the_stride_is_short_again(lane: Lane) -> None:
    made = strides()
    made.took(lane, read := reading(range(LEAST)), filtered(read))
    assert made.of(lane) > LEAST
    one = Outcome(cursor_to=LEAST, delivered=[LEAST], filtered=list(range(1, LEAST)))
    made.took(lane, reading(range(LEAST)), one)
    assert made.of(lane) == LEAST


def test_a_lane_does_not_know_of_the_strides_of_another(lane: Lane) -> None:
    made = strides()
    made.took(lane, read := reading(range(LEAST)), filtered(read))
    assert made.of(Lane(Scripts(cast("Redis", None)), Partition("acme", 1), "planning")) == LEAST


@pytest.mark.parametrize(("batch", "most"), [(1, LEAST), (100, 100)])
def test_of_a_long_reading_no_more_is_dealt_with_than_may_be_repeated(
    lane: Lane, batch: int, most: int
) -> None:
    made = strides(batch=batch, only=Filter(collections=("assignments",)))
    read = reading(range(MOST))
    assert [e.number for e in made.cut(lane, read).events] == list(range(1, most + 1))
    made = strides(batch=batch, only=Filter(collections=("people",)))
    assert made.cut(lane, read) == read


class Counting(Scripts):
    """Counts how often the log is read."""

    readings = 0

    async def run_many(self, calls: Sequence[Call], along: Any = None) -> list[Any]:
        self.readings += sum(call.script == "read_events" for call in calls)
        return await super().run_many(calls, along)

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        self.readings += script == "read_events"
        return await super().run(script, keys, *args)


async def test_a_sink_that_wants_little_of_a_long_log_gets_just_that_in_order_by_few_readings(
    redis: Redis,
) -> None:
    """5,000 events; it wants one near the beginning, and thirty in a row behind 4,000 others."""
    scripts, partition, sink = Counting(redis), Partition("acme", 0), ScriptedSink()
    wanted = [100, *range(4_100, 4_130)]
    only = Filter(expression="contains(`[100]`, data.id) || (data.id >= `4100` && data.id < `4130`)")
    dispatcher = Dispatcher(
        scripts, Leases(scripts), {"planning": (SinkOptions(type="x", filter=only), sink)}, {}
    )
    await Lane(scripts, partition, "planning").register()
    await redis.hset(partition.counts, "applied", "5000")
    pipe = redis.pipeline(transaction=False)
    for n in range(1, 5_001):
        pipe.xadd(partition.events, {"k": f"assignments/{n}", "p": "0", "e": event(n, n).json}, id=f"{n}-0")
    await pipe.execute()
    dispatcher.dispatch(partition, "planning")
    async with asyncio.timeout(20):
        while await redis.get(partition.of_sink("cursor", "planning")) != b"5000":  # noqa: ASYNC110  # another task moves it
            await asyncio.sleep(0.01)
    await dispatcher.stop()
    assert sink.delivered == [f"acme/assignments/{n}/{n}" for n in wanted]
    assert scripts.readings < 40
    counts = await redis.hgetall(partition.counts)
    assert (counts[b"delivered:planning"], counts[b"filtered:planning"]) == (b"31", b"4969")

"""An exception that one event causes ends in a dead letter of that event, on the lanes of two workers with a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Unreachable

from tests.workers.test_absent_sink import SINK, House
from tests.workers.test_deliver import event
from workers.events import Event
from workers.sinks.base import Failure, Filter, Retry
from workers.sinks.defects import handed, of_delivery
from workers.sinks.gathering import Gathering
from workers.sinks.shaping import Shape
from workers.store.lanes import Lane

BAD, SECRET = 7, "Jane is ill"


class Raising:
    """Raises at the events that `at` names: what the bug of a sink does that somebody wrote for himself."""

    def __init__(self, at: Callable[[str], Exception | None]) -> None:
        self.at = at
        self.delivered: list[str] = []
        self.calls: list[int] = []

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        self.calls.append(len(events))
        for one in events:
            if error := self.at(one.head.subject):
                raise error
        self.delivered += [one.head.subject for one in events]
        return {}

    async def close(self) -> None:
        return None


def only_bad(error: Exception) -> Callable[[str], Exception | None]:
    return lambda subject: error if subject == f"assignments/{BAD}" else None


Make = Callable[..., Awaitable[tuple[House, Raising]]]


@pytest.fixture
async def make(redis: Redis) -> AsyncIterator[Make]:
    made: list[House] = []

    async def house(
        at: Callable[[str], Exception | None] = lambda _: None, **options: Any
    ) -> tuple[House, Raising]:
        sink = Raising(at)
        found = House(redis, Retry(min_seconds=0.05, max_seconds=0.2), sink=sink, **options)
        for partition in found.partitions:
            await Lane(found.scripts, partition, SINK).register()
        made.append(found)
        return found, sink

    yield house
    for found in made:
        for worker in found.workers:
            await worker.stop()


def as_json(resource: int, **data: Any) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    whole = event(resource, time.time_ns(), time=now).as_dict()
    return msgspec.json.encode({**whole, "data": {**whole["data"], **data}})


async def letters(house: House) -> list[tuple[str, str]]:
    found = [letter async for letter in house.letters.all("acme")]
    return [(letter.resource, letter.reason) for letter in found]


def others(count: int = 12) -> list[str]:
    return sorted(f"assignments/{n}" for n in range(count) if n != BAD)


@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize(
    ("stage", "options", "damage"),
    [
        ("filter: ValidationError", {"filter": Filter(meaning=("cancelled",))}, {"id": SECRET}),
        (
            "shape: KeyError",
            {"shape": Shape(redact=("resource.comments",))},
            {"changes": [{"path": "comments"}]},
        ),
    ],
)
async def test_an_event_that_breaks_a_filter_or_a_shape_is_dead_and_those_behind_it_go_on(
    make: Make, batch: int, stage: str, options: dict[str, Any], damage: dict[str, Any]
) -> None:
    house, sink = await make(batch=batch, **options)
    for n in range(12):
        fine = {"meaning": ["cancelled"], "changes": []}
        await house.write(n, as_json(n, **(damage if n == BAD else fine)))
    for partition in house.partitions:
        house.workers[0].committed(partition)
    await house.until(house.settled)
    [(resource, reason)] = await letters(house)
    assert (resource, reason.partition(" (")[0]) == (f"assignments/{BAD}", f"defect in the {stage}")
    assert SECRET not in reason
    assert sorted(sink.delivered) == others()
    assert (await house.row()).dead_lettered == 1


@pytest.mark.parametrize("batch", [1, 5, 100])
async def test_an_event_at_which_a_sink_raises_is_dead_once_others_went_through(
    make: Make, batch: int
) -> None:
    house, sink = await make(only_bad(TypeError(SECRET)), batch=batch)
    await house.log(*range(12))
    await house.until(lambda: _delivered(sink, others()))
    while (await house.row()).in_flight:
        await house.log(98, 99)  # of each worker, for each knows what it has seen itself
        await asyncio.sleep(0.05)
    [(resource, reason)] = await letters(house)
    assert (resource, f"assignments/{BAD}" in sink.delivered) == (f"assignments/{BAD}", False)
    assert reason.startswith("defect in the sink: TypeError (test_defects.py:")
    assert SECRET not in reason


async def _delivered(sink: Raising, subjects: Sequence[str]) -> bool:
    return sorted(sink.delivered) == sorted(subjects)


@pytest.mark.parametrize("error", [ConnectionResetError(SECRET), Unreachable(SECRET), ImportError(SECRET)])
async def test_an_exception_that_concerns_the_whole_sink_is_retried_and_no_event_dies(
    make: Make, error: Exception
) -> None:
    house, sink = await make(lambda _: error, batch=5)
    await house.log(*range(6))
    await house.until(house.opened)
    assert SECRET not in (await house.breakers.get(SINK)).reason
    sink.at = lambda _: None
    await house.until(house.settled)
    assert sorted(sink.delivered) == sorted(f"assignments/{n}" for n in range(6))
    assert await letters(house) == []


async def test_a_sink_that_raises_at_everything_for_a_while_loses_nothing(make: Make) -> None:
    house, sink = await make(lambda _: ValueError("no JSON"))
    await house.log(*range(6))
    await house.until(house.opened)
    sink.at = lambda _: None
    await house.until(house.settled)
    assert sorted(sink.delivered) == sorted(f"assignments/{n}" for n in range(6))
    assert await letters(house) == []


@pytest.mark.parametrize("answer", [None, {1: Failure("x")}, {0: "refused"}, {"0": Failure("x")}])
async def test_an_answer_that_nobody_can_read_is_taken_for_no_delivery(answer: object) -> None:
    class Odd(Raising):
        async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
            assert events
            return cast("Mapping[int, Failure]", answer)

    failures = await handed("odd", Odd(lambda _: None), [event(1, 1)])
    assert failures[0].defect == "sink"


def test_a_group_of_exceptions_concerns_the_sink_when_one_of_them_does() -> None:
    group = ExceptionGroup("two", [ValueError(), ExceptionGroup("one", [TimeoutError()])])
    assert of_delivery(group).scope == "sink"
    assert of_delivery(ExceptionGroup("one", [ValueError()])).scope == "event"


async def test_a_lane_does_not_suffer_for_what_another_brought_into_the_same_message() -> None:
    sink = Raising(only_bad(TypeError()))
    gathering = Gathering(sink.deliver, most=10, seconds=0.01)
    bad, good = await asyncio.gather(
        gathering.deliver([event(BAD, 1)]), gathering.deliver([event(1, 1)]), return_exceptions=True
    )
    assert isinstance(bad, TypeError)
    assert good == {}


@pytest.mark.parametrize("own_writes", ["deliver", "mark"])
async def test_a_dead_letter_of_what_cannot_be_read_that_is_handed_back_stops_no_retry(
    make: Make, own_writes: str
) -> None:
    house, sink = await make(own_writes=own_writes)
    partition = await house.write(BAD, as_json(BAD, id=SECRET))
    house.workers[0].committed(partition)
    await house.until(house.settled)
    [letter] = [letter async for letter in house.letters.all("acme")]
    sink.at = lambda _: None
    await house.letters.retry(letter.id)
    house.workers[0].retry(partition, SINK)
    await house.until(house.settled)
    assert (await house.row()).dead_lettered == 1

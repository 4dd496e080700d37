"""A sink against the bare loop that one would write with the same client library: events a second, and the ratio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import msgspec
import uvloop

from workers.events import Event
from workers.sinks.base import Sink

BATCH = 100
EVENTS = 20_000
ROUNDS = 3

_NUMBERS = count(1)
Way = Callable[[Sequence[Event]], Awaitable[float]]


def events(size: int) -> list[Event]:
    """Of so many resources, about 1.3 kB each; none has been there before.

    Their heads are read, as they are when a sink gets them: the filter has looked at them.
    """
    made = [_event(next(_NUMBERS)) for _ in range(size)]
    for event in made:
        assert event.head.id
    return made


def _event(number: int) -> Event:
    subject = f"assignments/{number}"
    record = {
        "id": number,
        "startTimeInMinutes": 480,
        "endTimeInMinutes": 1020,
        "comments": "early shift " * 10,
    }
    body = {
        "specversion": "1.0",
        "id": f"acme/{subject}/0001E7C5000098FA0014",
        "source": "/protime/acme/assignments",
        "type": "eu.myprotime.assignment.updated.v1",
        "subject": subject,
        "time": "2026-03-09T14:03:11.512Z",
        "datacontenttype": "application/json",
        "dataschema": "/schemas/assignment.v1.json",
        "sequence": "0001E7C5000098FA0014",
        "partitionkey": subject,
        "origin": "webhook",
        "data": {
            "tenant": "acme",
            "collection": "assignments",
            "id": number,
            "change": "updated",
            "meaning": ["rescheduled"],
            "person": {"id": 1},
            "start": "2026-03-10T09:00:00+01:00",
            "end": "2026-03-10T18:00:00+01:00",
            "notice": {"minutes": 1136, "short": True},
            "changes": [{"path": "startTimeInMinutes", "before": 480, "after": 540}],
            "resource": record,
            "previous": record,
        },
    }
    return Event(msgspec.json.encode(body))


async def delivered(sink: Sink, given: Sequence[Event], batch: int = BATCH) -> float:
    """Seconds to deliver all of them, one batch after the other."""
    clock = asyncio.get_running_loop().time
    started = clock()
    for at in range(0, len(given), batch):
        failures = await sink.deliver(given[at : at + batch])
        assert not failures, next(iter(failures.values()))
    return clock() - started


def compare(name: str, bare: Way, ours: Way) -> None:
    """Prints the best of a few rounds, each way with events of its own."""

    async def both() -> tuple[float, float]:
        await bare(events(BATCH))
        await ours(events(BATCH))
        rounds = [(await bare(events(EVENTS)), await ours(events(EVENTS))) for _ in range(ROUNDS)]
        return min(first for first, _ in rounds), min(second for _, second in rounds)

    first, second = uvloop.run(both())
    print(
        f"{name}: bare {EVENTS / first:,.0f}/s, sink {EVENTS / second:,.0f}/s in batches of {BATCH}, ratio {first / second:.2f}"
    )

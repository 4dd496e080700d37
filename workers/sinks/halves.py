"""Deliver many events to a sink that takes all or none, and find the ones that it refuses."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from workers.events import Event
from workers.sinks.base import Failure
from workers.sinks.chunks import HELD_BACK
from workers.sinks.waves import Resource, resource_of


async def in_halves(
    events: Sequence[Event], write: Callable[[Sequence[Event]], Awaitable[Failure | None]]
) -> dict[int, Failure]:
    """`write` in order, all at once; what is refused is tried again as two halves, down to the single event.

    The answer is that of `Sink.deliver`. A failure of the sink itself ends the work: all that is left gets it.
    """
    failures: dict[int, Failure] = {}
    broken: set[Resource] = set()
    waiting: list[Sequence[int]] = [range(len(events))]
    while waiting:
        part = waiting.pop()
        free = [i for i in part if resource_of(events[i]) not in broken]
        failures.update(dict.fromkeys(set(part).difference(free), HELD_BACK))
        failure = await write([events[i] for i in free]) if free else None
        if failure is None:
            continue
        if failure.scope == "sink":
            left = [i for rest in (free, *waiting) for i in rest]
            return failures | dict.fromkeys(left, failure)
        if len(free) == 1:
            failures[free[0]] = failure
            broken.add(resource_of(events[free[0]]))
        else:
            middle = len(free) // 2
            waiting += [free[middle:], free[:middle]]
    return failures

"""Deliver many events through a sink that takes a limited number at once and accepts or refuses them together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from workers.events import Event
from workers.sinks.base import Failure

#: Keeps `changeVersion` order: what follows a failed event of its resource must not overtake it.
HELD_BACK: Final = Failure("held back: an earlier event of the same resource was not delivered")


async def in_chunks(
    events: Sequence[Event], size: int, send: Callable[[Sequence[Event]], Awaitable[Failure | None]]
) -> dict[int, Failure]:
    """`send` chunk after chunk, in order; the answer is that of `Sink.deliver`.

    A failure of the sink itself ends the work: nothing that follows is tried, all of it gets that failure.
    """
    failures: dict[int, Failure] = {}
    broken: set[tuple[str, str]] = set()
    for start in range(0, len(events), size):
        chunk = range(start, min(start + size, len(events)))
        held = [i for i in chunk if _resource(events[i]) in broken]
        free = [i for i in chunk if _resource(events[i]) not in broken]
        failures.update(dict.fromkeys(held, HELD_BACK))
        failure = await send([events[i] for i in free]) if free else None
        if failure is None:
            continue
        if failure.scope == "sink":
            return failures | dict.fromkeys(range(free[0], len(events)), failure)
        failures.update(dict.fromkeys(free, failure))
        if not _is_over(failure, free):
            broken.update(_resource(events[i]) for i in free)
    return failures


def _resource(event: Event) -> tuple[str, str]:
    return event.head.data.tenant, event.head.partitionkey


def _is_over(failure: Failure, tried: Sequence[int]) -> bool:
    """One event that failed for good holds nothing back; of several nobody knows yet which one it was."""
    return failure.permanent and len(tried) == 1

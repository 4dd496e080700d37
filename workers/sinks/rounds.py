"""Deliver many events through a sink that answers for each one, some of them on their way at the same time.

A resource has at most one event on its way, so what follows a failed one cannot overtake it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

from workers.events import Event
from workers.sinks.base import Failure
from workers.sinks.chunks import HELD_BACK
from workers.sinks.waves import Resource, resource_of, waves


async def in_rounds(
    events: Sequence[Event], size: int, send: Callable[[Sequence[Event]], Awaitable[Mapping[int, Failure]]]
) -> dict[int, Failure]:
    """`send` gets at most `size` events of different resources; both answers are those of `Sink.deliver`.

    A failure of the sink itself ends the work: nothing that follows is tried, all of it gets that failure.
    """
    failures: dict[int, Failure] = {}
    broken: set[Resource] = set()
    away: Failure | None = None
    for indexes in rounds(events, size):
        held = [i for i in indexes if away or resource_of(events[i]) in broken]
        failures.update(dict.fromkeys(held, away or HELD_BACK))
        free = [i for i in indexes if i not in failures]
        failed = await send([events[i] for i in free]) if free else {}
        failures.update({free[i]: failure for i, failure in failed.items()})
        broken.update(resource_of(events[free[i]]) for i in failed)
        away = away or next((f for f in failed.values() if f.scope == "sink"), None)
    return failures


def rounds(events: Sequence[Event], size: int) -> Iterator[list[int]]:
    """Indexes of the events, each once: `size` after `size`, the second event of a resource in the next round."""
    for start in range(0, len(events), size):
        for wave in waves(events[start : start + size]):
            yield [start + i for i in wave]

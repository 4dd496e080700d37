"""Which events of a replay would leave a sink with an older state than it was given already.

A resource is overtaken when the newest of its events that the sink got is not part of the replay: then nothing would come
after the old ones and set them right. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from workers.events import Event
from workers.sinks.filters import Judgement
from workers.store.replay_batches import Batch, Candidate, NewerEvents

#: Whether a sink gets an event.
Wants = Callable[[Event], Judgement]
OVERTAKEN = "a newer version was delivered"
WAITS = "waits for its retry"


def in_question(batch: Batch, candidates: Iterable[Candidate]) -> dict[str, int]:
    """Resource → the number above which to look for events that the sink got. Most resources need no look."""
    if batch.force:
        return {}
    found: dict[str, int] = {}
    for c in candidates:
        told_again = c.newest <= batch.last and batch.conditions.take_all_that_follows
        if c.newest > max(c.number, batch.start) and not told_again:
            found.setdefault(c.resource, max(c.number, batch.start))
    return found


def overtaken(
    batch: Batch,
    candidates: Iterable[Candidate],
    newer: Mapping[str, NewerEvents],
    wanted: Wants,
) -> set[int]:
    """Numbers of the events that must not go out. `wanted`: of such an event."""
    newest = {resource: _newest(batch, known, wanted) for resource, known in newer.items()}
    return {c.number for c in candidates if newest.get(c.resource, 0) > c.number}


def _newest(batch: Batch, known: NewerEvents, wanted: Wants) -> float:
    """The newest event that the sink got, 0 when there is none, or when it is going to be told again."""
    for newer in known.events:
        if wanted(newer.event):
            again = newer.number <= batch.last and batch.conditions.hold(newer.event)
            return 0 if again else newer.number
    return 0 if known.complete else float("inf")

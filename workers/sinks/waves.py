"""Many events at once, and yet each resource's in order: the second one goes when the first one has arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from workers.events import Event

Resource = tuple[str, str]


def resource_of(event: Event) -> Resource:
    return event.head.data.tenant, event.head.partitionkey


def waves(events: Sequence[Event]) -> list[list[int]]:
    """Indexes in the order given, no resource twice in a wave: as many waves as the most frequent one has events."""
    seen: Counter[Resource] = Counter()
    found: list[list[int]] = []
    for index, event in enumerate(events):
        resource = resource_of(event)
        if seen[resource] == len(found):
            found.append([])
        found[seen[resource]].append(index)
        seen[resource] += 1
    return found

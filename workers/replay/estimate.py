"""What a replay would do, from a walk over the log that changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workers.events import Event
from workers.replay.conditions import Conditions
from workers.store.keys import Partition
from workers.store.log import Log
from workers.store.replays import Replays, Span

Wants = Callable[[Event], bool]


@dataclass
class Estimate:
    """`by_type` counts what would be delivered; `oldest` and `newest` are the times of the first and the last of it.

    `overtaken`: events that would be skipped, because the sink got a newer one that is not among them.
    """

    by_type: dict[str, int] = field(default_factory=dict)
    filtered: int = 0
    overtaken: int = 0
    oldest: str | None = None
    newest: str | None = None

    @property
    def events(self) -> int:
        return sum(self.by_type.values())


@dataclass
class _Resource:
    """One resource on the way: what would be told of it, and whether something newer was delivered."""

    told: list[tuple[str, str]] = field(default_factory=list)
    overtaken: int = 0


class Estimator:
    """One partition after the other, its events in the order of the log. `force`: nothing counts as overtaken."""

    def __init__(self, conditions: Conditions, wants: Wants, *, force: bool) -> None:
        self._conditions = conditions
        self._wants = wants
        self._force = force
        self.estimate = Estimate()

    async def look(self, log: Log, partition: Partition, span: Span) -> None:
        """Raises `redis.exceptions.RedisError`."""
        resources: dict[str, _Resource] = {}
        async for found in log.after(partition, 0):
            if found.number > span.last:
                break
            self._see(resources, found.event, delivered=found.number > span.start)
        for resource in resources.values():
            self._count(resource)

    def _see(self, resources: dict[str, _Resource], event: Event, *, delivered: bool) -> None:
        fits = self._conditions.hold(event)
        if not (fits or delivered):
            return
        if not self._wants(event):
            self.estimate.filtered += fits
            return
        resource = resources.setdefault(event.head.subject, _Resource())
        if fits:
            resource.told.append((event.head.type, event.head.time))
            resource.overtaken = 0
        elif not self._force:
            resource.overtaken = len(resource.told)

    def _count(self, resource: _Resource) -> None:
        self.estimate.overtaken += resource.overtaken
        for type_, time in resource.told[resource.overtaken :]:
            self.estimate.by_type[type_] = self.estimate.by_type.get(type_, 0) + 1
            self._stretch(time)

    def _stretch(self, time: str) -> None:
        known = self.estimate
        known.oldest = min(known.oldest or time, time)
        known.newest = max(known.newest or time, time)


async def estimate(
    log: Log, replays: Replays, partitions: Iterable[Partition], sink: str, estimator: Estimator
) -> Estimate:
    """Changes nothing. Raises `redis.exceptions.RedisError`."""
    for partition in partitions:
        await estimator.look(log, partition, await replays.span(partition, sink))
    return estimator.estimate

"""What a replay would do, from a walk over the log that changes nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from workers.events import Event
from workers.replay.conditions import Conditions
from workers.replay.overtaking import Wants
from workers.store.keys import Partition
from workers.store.log import Log
from workers.store.replays import Replays, Span

#: So long a walk with pauses lasts before it rests.
_TURN_SECONDS = 0.002


class TakesTooLong(Exception):
    """The log is longer than can be walked through in the time that was given."""


class Pauses:
    """Of a walk beside other work. Looks at the clock itself: the Redis client swallows a cancellation now and then."""

    def __init__(self, within: float) -> None:
        self._began = time.monotonic()
        self._end = self._began + within

    async def rest(self) -> None:
        """As long as it has worked since the last rest. Raises `TakesTooLong`."""
        now = time.monotonic()
        if now > self._end:
            raise TakesTooLong
        if now - self._began > _TURN_SECONDS:
            await asyncio.sleep(now - self._began)
            self._began = time.monotonic()


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

    def as_dict(self) -> dict[str, Any]:
        """As the command line and the API show it."""
        return {"confirmed": False, "events": self.events, **asdict(self)}


@dataclass
class _Resource:
    """One resource on the way: what would be told of it, and whether something newer was delivered."""

    told: list[tuple[str, str]] = field(default_factory=list)
    overtaken: int = 0


class Estimator:
    """One partition after the other, its events in the order of the log.

    `force`: nothing counts as overtaken. `within`: in a process that has other things to do, the seconds it may take
    altogether; half of them the event loop is left to others.
    """

    def __init__(
        self, conditions: Conditions, wants: Wants, *, force: bool, within: float | None = None
    ) -> None:
        self._conditions = conditions
        self._wants = wants
        self._force = force
        self._pauses = None if within is None else Pauses(within)
        self.estimate = Estimate()

    async def look(self, log: Log, partition: Partition, span: Span) -> None:
        """Raises `redis.exceptions.RedisError`, and `TakesTooLong` where that is bounded."""
        resources: dict[str, _Resource] = {}
        async for found in log.after(partition, 0):
            if found.number > span.last:
                break
            self._see(resources, found.event, delivered=found.number > span.start)
            if self._pauses is not None:
                await self._pauses.rest()
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
        for type_, told in resource.told[resource.overtaken :]:
            self.estimate.by_type[type_] = self.estimate.by_type.get(type_, 0) + 1
            self._stretch(told)

    def _stretch(self, time: str) -> None:
        known = self.estimate
        known.oldest = min(known.oldest or time, time)
        known.newest = max(known.newest or time, time)


async def estimate(
    log: Log, replays: Replays, partitions: Iterable[Partition], sink: str, estimator: Estimator
) -> Estimate:
    """Changes nothing. Raises as `Estimator.look`."""
    for partition in partitions:
        await estimator.look(log, partition, await replays.span(partition, sink))
    return estimator.estimate

"""How many events a lane reads at a time.

No more than a killed worker may repeat; and several times as many where the filter lets nothing through, because nothing of
that is repeated: a sink that wants little of a long log gets to its end with few round trips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Final

from workers.sinks.base import Sink, SinkOptions
from workers.sinks.filters import judged
from workers.store.lanes import Lane
from workers.store.outcomes import Outcome, Reading

#: At least so many: what is left can ride in one round trip with what is done.
LEAST: Final = 24
#: At most so many, of which nothing was wanted so far.
MOST: Final = 512
_FASTER: Final = 4


class Strides:
    def __init__(self, sinks: Mapping[str, tuple[SinkOptions, Sink]]) -> None:
        self._sinks = sinks
        self._wide: dict[str, int] = {}

    def least(self, sink: str) -> int:
        """So many events may be delivered before the cursor moves."""
        return max(self._sinks[sink][0].batch, LEAST)

    def of(self, lane: Lane) -> int:
        """How many are read at a time now."""
        return self._wide.get(lane.lease) or self.least(lane.sink)

    def cut(self, lane: Lane, reading: Reading) -> Reading:
        """What of a reading may be dealt with at once: up to the last event before one too many is wanted."""
        most, events = self.least(lane.sink), reading.events
        if len(events) <= most:
            return reading
        wanted = self._sinks[lane.sink][0].filter
        numbered = accumulate(bool(judged(wanted, logged.event)) for logged in events)
        return replace(
            reading, events=[e for e, number in zip(events, numbered, strict=True) if number <= most]
        )

    def took(self, lane: Lane, reading: Reading, outcome: Outcome) -> None:
        """Lengthens the stride while nothing is wanted, and goes back to the least with the first that is."""
        size = self.of(lane)
        if len(reading.events) == len(outcome.filtered) >= size:
            self._wide[lane.lease] = min(MOST, size * _FASTER)
        elif len(reading.events) != len(outcome.filtered):
            self._wide.pop(lane.lease, None)

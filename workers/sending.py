"""One reading on its way out.

A failing event holds back only its own resource. When the sink itself is away the lane waits and nothing is parked; but
from the third time in a row on, single events are tried, and one that finds it away steps aside for the next: an event
that makes a receiver hang looks like an absent sink, and must not hold back the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from workers.delivery import Delivery
from workers.sinks.base import Failure
from workers.store.outcomes import Logged

#: A sink without batches gets so many events at a time, of one resource one after the other.
_AT_ONCE = 8
#: After so many failed events in a row, without a success between, the rest of a reading waits.
_FAILURES_IN_A_ROW = 5
#: So often in a row a sink is away before single events are tried.
PROBE_AFTER = 2


@dataclass
class Sending:
    """One reading on its way out. `results`: event number → None for delivered, or why not; missing: not tried."""

    delivery: Delivery
    probing: bool = False
    aside: int | None = None
    results: dict[int, Failure | None] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    away: Failure | None = None
    in_a_row: int = 0

    @property
    def may_go_on(self) -> bool:
        # The lease is asked right before anything is sent: a worker that was frozen past it must not send old news.
        return self.away is None and self.delivery.lease.alive

    async def send(self, events: Sequence[Logged]) -> None:
        size = self.delivery.options.batch
        if self.probing and events:
            await self._probe(events[0])
            events = events[1:]
        if size == 1:
            await self._send_singles(events)
            return
        for start in range(0, len(events), size):
            chunk = [e for e in events[start : start + size] if e.resource not in self.blocked]
            if chunk and self.may_go_on:
                await self._send_chunk(chunk)

    async def _probe(self, logged: Logged) -> None:
        """One event alone. `aside` is its number if it found the sink away."""
        await self._one_by_one([logged])
        if self.away is not None and logged.number not in self.results:
            self.aside = logged.number

    async def _send_singles(self, events: Sequence[Logged]) -> None:
        """Resources side by side, the events of each in order."""
        by_resource: dict[str, list[Logged]] = {}
        for logged in events:
            by_resource.setdefault(logged.resource, []).append(logged)
        if len(by_resource) == 1:
            await self._one_by_one(events)
            return
        limit = asyncio.Semaphore(_AT_ONCE)

        async def in_turn(own: list[Logged]) -> None:
            async with limit:
                await self._one_by_one(own)

        await asyncio.gather(*(in_turn(own) for own in by_resource.values()))

    async def _one_by_one(self, events: Sequence[Logged]) -> None:
        for logged in events:
            if self.may_go_on and logged.resource not in self.blocked:
                failures = await self.delivery.hand([logged.event])
                self._note(logged, failures.get(0))

    async def _send_chunk(self, chunk: list[Logged]) -> None:
        failures = await self.delivery.hand([logged.event for logged in chunk])
        named_none = len(failures) == len(chunk) > 1 and all(f.scope == "event" for f in failures.values())
        if named_none:  # the answer was for the batch: find out whose fault it is
            await self._one_by_one(chunk)
            return
        for index, logged in enumerate(chunk):
            if logged.resource not in self.blocked:
                self._note(logged, failures.get(index))

    def _note(self, logged: Logged, failure: Failure | None) -> None:
        if failure is None:
            self.results[logged.number] = None
            self.in_a_row = 0
        elif failure.scope == "sink":
            self.away = failure
            self.blocked.add(logged.resource)
        elif failure.defect == "shape":
            # It never came to the sink: that says nothing about it, and the next of its resource need not wait.
            self.results[logged.number] = failure
        else:
            self.results[logged.number] = failure
            self.blocked.add(logged.resource)
            self.in_a_row += 1
            if self.in_a_row >= _FAILURES_IN_A_ROW:
                self.away = Failure(f"{self.in_a_row} events in a row failed: {failure.reason}", scope="sink")

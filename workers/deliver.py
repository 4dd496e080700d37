"""Handing events to one sink, and deciding what becomes of each: delivered, filtered, parked, dead, or the sink is away.

A failing event holds back only its own resource. When the sink itself is away the lane waits and nothing is parked; but
from the third time in a row on, single events are tried, and one that finds it away steps aside for the next: an event
that makes a receiver hang looks like an absent sink, and must not hold back the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from workers.events import Event
from workers.retry import delay
from workers.sinks.base import Failure, Sink, SinkOptions
from workers.sinks.filters import matches
from workers.store.lanes import Dead, Hold, Logged, Outcome, Park, Reading, Retried, Waiting
from workers.store.leases import Lease

#: A sink without batches gets so many events at a time, of one resource one after the other.
_AT_ONCE = 8
#: After so many failed events in a row, without a success between, the rest of a reading waits.
_FAILURES_IN_A_ROW = 5
#: So often in a row a sink is away before single events are tried.
_PROBE_AFTER = 2

LOST = Failure("the log no longer holds the event", permanent=True)


@dataclass(frozen=True)
class Delivery:
    """A sink with its options, the lease under which it is served, the clock (Unix seconds) and the dice (0…1)."""

    options: SinkOptions
    sink: Sink
    lease: Lease
    clock: Callable[[], float]
    dice: Callable[[], float]

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def due_ms(self, attempt: int, failure: Failure) -> int:
        r, after = self.options.retry, failure.retry_after
        wait = delay(attempt, least=r.min_seconds, most=r.max_seconds, chance=self.dice(), retry_after=after)
        return int((self.clock() + wait) * 1000)

    def too_old(self, since_ms: float) -> bool:
        return self.now_ms() - since_ms > self.options.retry.max_age_seconds * 1000


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
                failures = await self.delivery.sink.deliver([logged.event])
                self._note(logged, failures.get(0))

    async def _send_chunk(self, chunk: list[Logged]) -> None:
        failures = await self.delivery.sink.deliver([logged.event for logged in chunk])
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
        else:
            self.results[logged.number] = failure
            self.blocked.add(logged.resource)
            self.in_a_row += 1
            if self.in_a_row >= _FAILURES_IN_A_ROW:
                self.away = Failure(f"{self.in_a_row} events in a row failed: {failure.reason}")


async def settle(delivery: Delivery, reading: Reading) -> Outcome:
    """Delivers a reading and sorts its events; the cursor stops before the first one that was not tried."""
    wanted = {e.number for e in reading.events if matches(delivery.options.filter, e.event.head)}
    waiting = {e.resource for e in reading.events if e.waits}
    sending = Sending(delivery, probing=reading.attempts >= _PROBE_AFTER, blocked=set(waiting))
    await sending.send([e for e in reading.events if e.number in wanted and not e.waits])
    last_tried = max(sending.results, default=0)
    outcome = Outcome(cursor_to=reading.cursor)
    for logged in reading.events:
        if not _sort(outcome, logged, sending, wanted, waiting, last_tried):
            break
        outcome.cursor_to = logged.number
    if sending.away is not None:
        attempts = 1 if outcome.delivered else reading.attempts + 1
        outcome.hold = Hold(delivery.due_ms(attempts, sending.away), attempts, sending.away.reason)
    return outcome


def _sort(
    outcome: Outcome, logged: Logged, sending: Sending, wanted: set[int], parked: set[str], last_tried: int
) -> bool:
    """Puts one event where it belongs; False when it is to be tried with the next reading."""
    number, resource, delivery = logged.number, logged.resource, sending.delivery
    failure = sending.results.get(number)
    if number not in wanted:
        outcome.filtered.append(number)
    elif number in sending.results and failure is None:
        outcome.delivered.append(number)
    elif failure is not None and (failure.permanent or delivery.options.retry.max_attempts <= 1):
        outcome.dead.append(Dead(number, resource, 1, _why(failure, 1), failure.reason))
    elif failure is not None:
        parked.add(resource)
        outcome.parked.append(Park(number, resource, 1, delivery.due_ms(1, failure), failure.reason))
    elif resource in parked or number < last_tried:
        parked.add(resource)
        outcome.parked.append(Park(number, resource, 0, delivery.now_ms(), ""))
    elif sending.away and delivery.too_old(_learned_ms(logged.event)):
        outcome.dead.append(Dead(number, resource, 0, "the sink was away too long", sending.away.reason))
    elif sending.away and number == sending.aside:
        parked.add(resource)
        outcome.parked.append(
            Park(number, resource, 0, delivery.due_ms(1, sending.away), sending.away.reason)
        )
    else:
        return False
    return True


def _learned_ms(event: Event) -> float:
    return datetime.fromisoformat(event.head.time).timestamp() * 1000


def _why(failure: Failure, attempts: int) -> str:
    return "refused by the sink" if failure.permanent else f"gave up after {attempts} attempts"


async def settle_retry(delivery: Delivery, waiting: Waiting) -> Retried | None:
    """Tries the waiting events of one resource in order, up to the first that fails. None: nothing to note."""
    delivered: list[int] = []
    for number, event in waiting.events:
        if not delivery.lease.alive:
            break
        failure = (await delivery.sink.deliver([event])).get(0) if event else LOST
        if failure is not None:
            return _failed(delivery, waiting, delivered, number, failure)
        delivered.append(number)
    if not delivered:
        return None
    return Retried(waiting.resource, waiting.events[0][0], delivered, due_ms=delivery.now_ms())


def _failed(
    delivery: Delivery, waiting: Waiting, delivered: list[int], number: int, failure: Failure
) -> Retried:
    """The budget: by count, unless the sink itself is away; and by age in any case."""
    before = 0 if delivered else waiting.attempts
    attempts = before if failure.scope == "sink" else before + 1
    over = attempts >= delivery.options.retry.max_attempts
    old = not delivered and delivery.too_old(waiting.since_ms)
    dead = _why(failure, attempts) if failure.permanent or over else "waited too long" if old else ""
    due = delivery.now_ms() if dead else delivery.due_ms(max(attempts, 1), failure)
    first = waiting.events[0][0]
    return Retried(waiting.resource, first, delivered, attempts, due, failure.reason, dead, number)

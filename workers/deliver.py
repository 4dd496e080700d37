"""Deciding what becomes of each event of a reading, or of a retry: delivered, filtered, parked, dead, or the sink is away."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

import msgspec

from workers.delivery import Delivery
from workers.events import Event
from workers.sending import PROBE_AFTER, Sending
from workers.sinks.base import Failure
from workers.store.outcomes import Dead, Hold, Logged, Outcome, Park, Reading, Retried, Waiting

#: So many attempts at which a sink's own code raised are enough, if others went through meanwhile.
_SURE_AFTER = 3
LOST = Failure("the log no longer holds the event", permanent=True)


async def settle(delivery: Delivery, reading: Reading, dropped: Collection[int] = ()) -> Outcome:
    """Delivers a reading and sorts its events; the cursor stops before the first one that was not tried.

    `dropped`: numbers of events that this sink does not want, whatever its filter says.
    """
    verdicts = {e.number: delivery.wants(e.event) for e in reading.events if e.number not in dropped}
    wanted = {number for number, verdict in verdicts.items() if verdict}
    waiting = {e.resource for e in reading.events if e.waits}
    sending = Sending(delivery, probing=reading.attempts >= PROBE_AFTER, blocked=set(waiting))
    await sending.send([e for e in reading.events if verdicts.get(e.number) is True and not e.waits])
    last_tried = max(sending.results, default=0)
    sending.results.update({n: unfit for n, unfit in verdicts.items() if isinstance(unfit, Failure)})
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
        outcome.dead.append(Dead(number, resource, 1, why(failure, 1), failure.reason))
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
    try:
        return datetime.fromisoformat(event.head.time).timestamp() * 1000
    except (ValueError, msgspec.DecodeError, RecursionError):
        return 0  # what cannot be read is not worth waiting for


def why(failure: Failure, attempts: int) -> str:
    """The reason of a dead letter."""
    if failure.permanent and failure.defect:
        return failure.reason
    return "refused by the sink" if failure.permanent else f"gave up after {attempts} attempts"


async def settle_retry(delivery: Delivery, waiting: Waiting) -> Retried | None:
    """Tries the waiting events of one resource in order, up to the first that fails. None: nothing to note."""
    delivered: list[int] = []
    for number, event in waiting.events:
        if not delivery.lease.alive:
            break
        failure = (await delivery.hand([event])).get(0) if event else LOST
        if failure is not None:
            return retry_failed(delivery, waiting, delivered, number, failure)
        delivered.append(number)
    if not delivered:
        return None
    return Retried(waiting.resource, waiting.events[0][0], delivered, due_ms=delivery.now_ms())


def retry_failed(
    delivery: Delivery, waiting: Waiting, delivered: list[int], number: int, failure: Failure
) -> Retried:
    """The budget: by count, unless the sink itself is away; and by age in any case.

    The budget by age of an event behind one that became too old does not begin anew: it waited for the same sink.
    """
    before = 0 if delivered else waiting.attempts
    attempts = before if failure.scope == "sink" else before + 1
    if _fails_alone(delivery, waiting, attempts, failure):
        failure = replace(failure, permanent=True)
    over = attempts >= delivery.options.retry.max_attempts
    old = not delivered and delivery.too_old(_waits_since_ms(waiting, number))
    dead = why(failure, attempts) if failure.permanent or over else "waited too long" if old else ""
    due = delivery.now_ms() if dead else _due_again(delivery, waiting, attempts, failure)
    first = waiting.events[0][0]
    since = waiting.since_ms if old else 0
    return Retried(
        waiting.resource, first, delivered, attempts, due, failure.reason, dead, number, since_ms=since
    )


def _fails_alone(delivery: Delivery, waiting: Waiting, attempts: int, failure: Failure) -> bool:
    """Whether a sink takes other events, and raises at this one again and again: then it will not do better tomorrow."""
    return (
        failure.defect == "sink"
        and failure.scope == "event"
        and attempts >= _SURE_AFTER
        and delivery.taken_ms() > waiting.since_ms
    )


def _waits_since_ms(waiting: Waiting, number: int) -> float:
    event = dict(waiting.events)[number]
    return max(waiting.since_ms, _learned_ms(event) if event else 0)


def _due_again(delivery: Delivery, waiting: Waiting, attempts: int, failure: Failure) -> int:
    """An event that finds the sink away while others get through waits longer and longer without using up attempts."""
    due = delivery.due_ms(max(attempts, 1), failure)
    if failure.scope == "event" or delivery.held():
        return due
    now = delivery.now_ms()
    waited = min(max(0, now - waiting.since_ms) / 2, delivery.options.retry.max_seconds * 1000)
    return max(due, now + int(waited))

"""A sink that wants the net change: its events are put off at once, and what waits of a record is delivered as one.

What is about to be tried as one is sealed first: whatever comes meanwhile is told apart, so that a repetition after a
failure or a kill is the same event under the same id, and a record is never passed over that the sink may know already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from workers.changes import TenantView
from workers.changes.net import net
from workers.deliver import retry_failed, settle_retry, why
from workers.delivery import Delivery
from workers.events import Event
from workers.sinks.base import Failure
from workers.sinks.collapse import Collapse
from workers.store.lanes import Lane
from workers.store.outcomes import Dead, Outcome, PutOff, Reading, Retried, Waiting

#: Deliveries of one lane at a time.
_AT_ONCE = 4


@dataclass(frozen=True)
class Net:
    """The first events of a parked resource and what they are together; `event` is None when that is nothing."""

    waiting: Waiting
    numbers: tuple[int, ...]
    event: Event | None

    @property
    def into(self) -> str:
        return self.event.head.sequence if self.event else ""


def together(collapse: Collapse, batch: int, *, probing: bool) -> dict[str, int]:
    """How much of what is parked is read at a time. With batches, what was nearly quiet for long enough goes along."""
    if probing:
        return {"resources": 1, "events": 200}
    ahead = _ms(collapse.quiet_seconds) // 10 if batch > 1 else 0
    return {"resources": min(max(batch, 20), 100), "events": 200, "ahead_ms": ahead}


def put_off(delivery: Delivery, collapse: Collapse, reading: Reading, dropped: Collection[int]) -> Outcome:
    """What the filter wants waits for more of its resource; nothing is delivered yet."""
    due, most = delivery.now_ms() + _ms(collapse.quiet_seconds), _ms(collapse.max_wait_seconds)
    outcome = Outcome(cursor_to=reading.cursor)
    for logged in reading.events:
        outcome.cursor_to = logged.number
        verdict = logged.number not in dropped and delivery.wants(logged.event)
        if isinstance(verdict, Failure):
            outcome.dead.append(Dead(logged.number, logged.resource, 1, why(verdict, 1), verdict.reason))
        elif not verdict:
            outcome.filtered.append(logged.number)
        else:
            outcome.put_off.append(PutOff(logged.number, logged.resource, due, most))
    return outcome


async def settle_together(
    delivery: Delivery, collapse: Collapse, lane: Lane, waiting: Sequence[Waiting], view: TenantView
) -> list[Retried]:
    """Tries each resource's net change, as many in one delivery as the sink takes."""
    settled: list[Retried] = []
    nets: list[Net] = []
    for one in waiting:
        found = collapsed(one, view)
        if found is None:
            retried = await settle_retry(delivery, one)
            settled += [retried] if retried else []
        elif (verdict := found.event is not None and delivery.wants(found.event)) is True:
            nets.append(found)
        elif isinstance(verdict, Failure):
            settled.append(_failed(delivery, found, verdict))
        else:
            settled.append(_told_nobody(delivery, collapse, found))
    return settled + await _send_all(delivery, collapse, await _sealed(delivery, lane, nets))


def collapsed(waiting: Waiting, view: TenantView) -> Net | None:
    """None: these can only be told one by one, because the log has lost one or something cannot be read."""
    chosen = [(n, event) for n, event in waiting.events if not waiting.sealed or n <= waiting.sealed]
    events = [event for _, event in chosen if event is not None]
    numbers = tuple(number for number, _ in chosen)
    if not events or len(events) < len(numbers):
        return None
    if len(events) == 1:
        return Net(waiting, numbers, events[0])
    try:
        json = net([event.as_dict() for event in events], view)
    except Exception:  # noqa: BLE001 told one by one they need no net change
        return None
    return Net(waiting, numbers, Event(json) if json else None)


async def _sealed(delivery: Delivery, lane: Lane, nets: Sequence[Net]) -> list[Net]:
    """Those that may be tried: their last number is noted. Another worker may have settled the others meanwhile."""
    if not nets or not delivery.lease.alive:
        return []
    now = delivery.now_ms()
    noted = await lane.seal([(n.waiting.resource, n.numbers[0], n.numbers[-1]) for n in nets], now)
    return [n for n, done in zip(nets, noted, strict=True) if done]


async def _send_all(delivery: Delivery, collapse: Collapse, nets: Sequence[Net]) -> list[Retried]:
    limit, size = asyncio.Semaphore(_AT_ONCE), delivery.options.batch

    async def in_turn(some: Sequence[Net]) -> list[Retried]:
        async with limit:
            return await _send(delivery, collapse, some)

    answers = await asyncio.gather(*(in_turn(nets[i : i + size]) for i in range(0, len(nets), size)))
    return [retried for answer in answers for retried in answer]


async def _send(delivery: Delivery, collapse: Collapse, nets: Sequence[Net]) -> list[Retried]:
    if not delivery.lease.alive:
        return []
    failures = await delivery.hand([n.event for n in nets if n.event])
    if len(failures) == len(nets) > 1 and all(f.scope == "event" for f in failures.values()):
        # The answer was for the batch: find out whose fault it is.
        return [retried for one in nets for retried in await _send(delivery, collapse, [one])]
    return _answers(delivery, collapse, nets, failures)


def _answers(
    delivery: Delivery, collapse: Collapse, nets: Sequence[Net], failures: Mapping[int, Failure]
) -> list[Retried]:
    return [
        _failed(delivery, one, failures[i]) if i in failures else _delivered(delivery, collapse, one)
        for i, one in enumerate(nets)
    ]


def _delivered(delivery: Delivery, collapse: Collapse, one: Net) -> Retried:
    *before, last = one.numbers
    due = delivery.now_ms() + _ms(collapse.quiet_seconds)
    return Retried(one.waiting.resource, one.numbers[0], [last], collapsed=before, into=one.into, due_ms=due)


def _told_nobody(delivery: Delivery, collapse: Collapse, one: Net) -> Retried:
    """Nothing is left of the events, or nothing that the sink wants."""
    due = delivery.now_ms() + _ms(collapse.quiet_seconds)
    return Retried(one.waiting.resource, one.numbers[0], [], collapsed=list(one.numbers), due_ms=due)


def _failed(delivery: Delivery, one: Net, failure: Failure) -> Retried:
    """When it is given up each of the events becomes a dead letter: handed back, they are collapsed again."""
    *before, last = one.numbers
    return replace(retry_failed(delivery, one.waiting, [], last, failure), others=before)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)

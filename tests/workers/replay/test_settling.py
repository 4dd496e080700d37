"""What a batch becomes whose sink is away: only what was really tried costs an attempt."""

from __future__ import annotations

import pytest

from tests.workers.replay.house import MemorySink, event
from workers.delivery import Delivery
from workers.events import Event
from workers.replay.conditions import Conditions
from workers.replay.settling import choose, settle_replay, stand_still
from workers.sinks.base import Failure, SinkOptions
from workers.store.leases import Lease
from workers.store.replay_batches import Batch, Candidate

NOW = 1_800_000_000.0


def batch(*resources: int, away: int = 0, ahead: str = "") -> Batch:
    events = [
        Candidate(n, f"assignments/{r}", Event(event(r, n)), parked="", newest=n)
        for n, r in enumerate(resources, start=1)
    ]
    return Batch("x", 0, 1, len(events), 0, len(events), Conditions(), False, ahead, {}, away, events)


def delivery(sink: MemorySink, *, held: bool) -> Delivery:
    options = SinkOptions(type="memory")
    return Delivery(options, sink, Lease("key", "token"), lambda: NOW, lambda: 0.0, lambda: held)


@pytest.mark.parametrize(
    ("held", "probing", "tries"), [(False, False, {2: 1}), (True, False, {}), (True, True, {2: 1})]
)
async def test_while_the_breaker_lets_nothing_through_no_event_loses_an_attempt(
    held: bool, probing: bool, tries: dict[int, int]
) -> None:
    sink = MemorySink(lambda _: Failure("timed out", scope="sink"))
    some = batch(1, 2, away=3)  # the second record's turn
    done = await settle_replay(
        delivery(sink, held=held), some, choose(some, 8, lambda _: True), probing=probing
    )
    assert (done.next, done.tries, done.away, done.reason) == (1, tries, 4, "timed out")


async def test_what_was_settled_before_is_remembered_and_not_sent_again() -> None:
    sink = MemorySink(lambda e: Failure("HTTP 500") if e.head.subject == "assignments/1" else None)
    some = batch(1, 2, 3, ahead="2,40-41")
    done = await settle_replay(delivery(sink, held=False), some, choose(some, 8, lambda _: True))
    assert sink.told == ["3/03"]
    assert (done.next, done.ahead, done.delivered) == (1, [2, 3, 40, 41], [3])
    still = stand_still(some, 7, "shut")
    assert (still.next, still.ahead, still.due_ms) == (1, [2, 40, 41], 7)


async def test_no_more_is_chosen_than_asked_for_and_what_lies_between_is_passed() -> None:
    some = batch(1, 2, 3, 4)
    chosen = choose(some, 1, lambda e: e.head.subject in {"assignments/2", "assignments/4"})
    assert ([c.number for c in chosen.to_send], chosen.filtered, chosen.upto) == ([2], [1, 3], 3)


async def test_an_event_that_a_filter_fails_on_is_not_told_again_and_those_behind_it_are() -> None:
    sink, defect = MemorySink(lambda _: None), Failure("defect in the filter: KeyError", permanent=True)
    some = batch(1, 2, 3)
    chosen = choose(some, 8, lambda e: defect if e.head.subject == "assignments/2" else True)
    done = await settle_replay(delivery(sink, held=False), some, chosen)
    assert (done.delivered, done.failed, done.next) == ([1, 3], {2: defect.reason}, 4)

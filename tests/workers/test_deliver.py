"""What becomes of events at a sink: one failing resource holds back itself alone, an absent sink holds back the lane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec

from workers.deliver import settle, settle_retry
from workers.delivery import Delivery
from workers.events import Event
from workers.sinks.base import Failure, Filter, Retry, SinkOptions
from workers.store.leases import Lease
from workers.store.outcomes import Logged, Reading, Waiting

NOW = 1_800_000_000.0
SERVER_ERROR = Failure("HTTP 500")
REFUSED = Failure("HTTP 422", permanent=True)
AWAY = Failure("connection refused", scope="sink")


def event(resource: int, number: int, *, time: str = "2027-01-15T07:59:59.000Z") -> Event:
    head = {
        "specversion": "1.0",
        "id": f"acme/assignments/{resource}/{number}",
        "source": "/protime/acme/assignments",
        "type": "eu.myprotime.assignment.updated.v1",
        "subject": f"assignments/{resource}",
        "time": time,
        "sequence": str(number),
        "partitionkey": f"assignments/{resource}",
        "origin": "webhook",
        "dataschema": "/schemas/assignment.v1.json",
        "datacontenttype": "application/json",
        "data": {"tenant": "acme", "collection": "assignments", "id": resource, "change": "updated"},
    }
    return Event(msgspec.json.encode(head))


class ScriptedSink:
    """A sink that fails as a function of the event says, and remembers what it delivered."""

    def __init__(
        self, fails: Callable[[str], Failure | None] = lambda _: None, *, as_one: bool = False
    ) -> None:
        self.fails = fails
        self.as_one = as_one
        self.delivered: list[str] = []
        self.calls: list[int] = []

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        self.calls.append(len(events))
        failures = {i: f for i, e in enumerate(events) if (f := self.fails(e.head.subject))}
        if failures and self.as_one:
            worst = next(iter(failures.values()))
            return dict.fromkeys(range(len(events)), worst)
        self.delivered += [e.id for i, e in enumerate(events) if i not in failures]
        return failures

    async def close(self) -> None:
        return None


def delivery(
    sink: ScriptedSink, *, batch: int = 1, retry: Retry | None = None, only: Filter | None = None
) -> Delivery:
    options = SinkOptions(type="scripted", batch=batch, retry=retry or Retry(), filter=only or Filter())
    return Delivery(options, sink, Lease("key", "token"), lambda: NOW, lambda: 0.0)


def reading(*resources: int, waits: Sequence[int] = (), attempts: int = 0) -> Reading:
    events = [
        Logged(n, f"assignments/{r}", event(r, n), waits=r in waits) for n, r in enumerate(resources, start=1)
    ]
    return Reading(0, attempts, events)


def only_resource(number: int, failure: Failure) -> Callable[[str], Failure | None]:
    return lambda subject: failure if subject == f"assignments/{number}" else None


async def test_all_delivered_moves_the_cursor_to_the_end() -> None:
    for batch in (1, 2, 100):
        sink = ScriptedSink()
        outcome = await settle(delivery(sink, batch=batch), reading(1, 2, 1, 3))
        assert (outcome.cursor_to, outcome.delivered, outcome.hold) == (4, [1, 2, 3, 4], None)


async def test_a_failing_event_parks_its_resource_and_nothing_else() -> None:
    for batch in (1, 100):
        for as_one in (False, True):
            sink = ScriptedSink(only_resource(1, SERVER_ERROR), as_one=as_one)
            outcome = await settle(delivery(sink, batch=batch), reading(1, 2, 1, 3))
            assert outcome.delivered == [2, 4]
            assert [(p.number, p.attempts) for p in outcome.parked] == [(1, 1), (3, 0)]
            assert outcome.cursor_to == 4
            assert outcome.hold is None


async def test_events_of_a_resource_that_waits_already_are_not_sent() -> None:
    sink = ScriptedSink()
    outcome = await settle(delivery(sink), reading(1, 2, waits=[1]))
    assert sink.delivered == ["acme/assignments/2/2"]
    assert [p.number for p in outcome.parked] == [1]


async def test_a_refused_event_is_a_dead_letter_at_once_and_lets_the_next_of_its_resource_pass_later() -> (
    None
):
    sink = ScriptedSink(only_resource(1, REFUSED))
    outcome = await settle(delivery(sink), reading(1, 2))
    assert [(d.number, d.reason, d.error) for d in outcome.dead] == [(1, "refused by the sink", "HTTP 422")]
    assert outcome.delivered == [2]


async def test_an_absent_sink_holds_the_lane_and_parks_nothing() -> None:
    for batch in (1, 100):
        outcome = await settle(
            delivery(ScriptedSink(lambda _: AWAY), batch=batch), reading(1, 2, 3, attempts=1)
        )
        assert (outcome.cursor_to, outcome.delivered, outcome.parked, outcome.dead) == (0, [], [], [])
        assert outcome.hold is not None
        assert (outcome.hold.attempts, outcome.hold.until_ms) == (2, int((NOW + 2) * 1000))


async def test_an_event_that_makes_the_sink_hang_steps_aside_for_the_others() -> None:
    for batch in (1, 100):
        sink = ScriptedSink(only_resource(1, AWAY), as_one=True)
        third = await settle(delivery(sink, batch=batch), reading(1, 2, 1, 3, attempts=2))
        assert [(p.number, p.attempts) for p in third.parked] == [(1, 0)]
        assert (third.cursor_to, third.delivered) == (1, [])
        left = Reading(
            1,
            3,
            [Logged(2, "assignments/2", event(2, 2)), Logged(3, "assignments/1", event(1, 3), waits=True)],
        )
        fourth = await settle(delivery(sink, batch=batch), left)
        assert (fourth.cursor_to, fourth.delivered, fourth.hold) == (3, [2], None)
        assert [p.number for p in fourth.parked] == [3]


async def test_a_sink_that_is_back_gets_the_whole_reading_after_the_first_event() -> None:
    sink = ScriptedSink()
    outcome = await settle(delivery(sink, batch=100), reading(1, 2, 3, attempts=5))
    assert (outcome.delivered, outcome.hold, sink.calls) == ([1, 2, 3], None, [1, 2])


async def test_an_absent_sink_asks_for_a_pause_with_retry_after() -> None:
    busy = Failure("HTTP 429", scope="sink", retry_after=30)
    outcome = await settle(delivery(ScriptedSink(lambda _: busy)), reading(1))
    assert outcome.hold is not None
    assert outcome.hold.until_ms == int((NOW + 30) * 1000)


async def test_a_sink_that_fails_every_event_is_left_alone_after_a_few() -> None:
    sink = ScriptedSink(lambda _: SERVER_ERROR, as_one=True)
    outcome = await settle(delivery(sink, batch=100), reading(*range(1, 51)))
    assert len(sink.calls) <= 10
    assert outcome.cursor_to == len(outcome.parked) == 5
    assert outcome.hold is not None


async def test_an_event_that_an_absent_sink_kept_waiting_too_long_is_a_dead_letter() -> None:
    sink = ScriptedSink(lambda _: AWAY)
    old = Logged(1, "assignments/1", event(1, 1, time="2027-01-13T00:00:00.000Z"))
    outcome = await settle(delivery(sink), Reading(0, 7, [old]))
    assert [d.reason for d in outcome.dead] == ["the sink was away too long"]


async def test_events_that_the_filter_does_not_want_are_filtered_and_not_sent() -> None:
    sink = ScriptedSink()
    outcome = await settle(delivery(sink, only=Filter(collections=("clockings",))), reading(1, 2))
    assert (outcome.filtered, sink.calls, outcome.cursor_to) == ([1, 2], [], 2)


async def test_nothing_is_sent_after_the_lease_ran_out() -> None:
    sink = ScriptedSink()
    frozen = delivery(sink)
    frozen.lease.until = 0.0
    outcome = await settle(frozen, reading(1, 2))
    assert (sink.calls, outcome.cursor_to) == ([], 0)


def waiting(*numbers: int, attempts: int = 1, since: float = NOW, lost: Sequence[int] = ()) -> Waiting:
    learned = datetime.fromtimestamp(since, UTC).isoformat()
    events = [(n, None if n in lost else event(1, n, time=learned)) for n in numbers]
    return Waiting("assignments/1", attempts, int(since * 1000), len(numbers), events)


async def test_a_retry_delivers_the_waiting_events_in_order() -> None:
    sink = ScriptedSink()
    retried = await settle_retry(delivery(sink), waiting(4, 7, 9))
    assert retried is not None
    assert retried.delivered == [4, 7, 9]
    assert sink.delivered == [f"acme/assignments/1/{n}" for n in (4, 7, 9)]


async def test_a_retry_that_fails_again_waits_longer() -> None:
    retried = await settle_retry(delivery(ScriptedSink(lambda _: SERVER_ERROR)), waiting(4, attempts=3))
    assert retried is not None
    assert (retried.attempts, retried.due_ms, retried.dead) == (4, int((NOW + 8) * 1000), "")


async def test_the_budget_by_count_ends_in_a_dead_letter() -> None:
    three = Retry(max_attempts=3)
    retried = await settle_retry(
        delivery(ScriptedSink(lambda _: SERVER_ERROR), retry=three), waiting(4, attempts=2)
    )
    assert retried is not None
    assert retried.dead == "gave up after 3 attempts"


async def test_the_budget_by_age_ends_in_a_dead_letter() -> None:
    retried = await settle_retry(delivery(ScriptedSink(lambda _: AWAY)), waiting(4, since=NOW - 90_000))
    assert retried is not None
    assert retried.dead == "waited too long"


async def test_the_budget_by_age_of_those_behind_it_does_not_begin_anew() -> None:
    since = NOW - 90_000
    retried = await settle_retry(delivery(ScriptedSink(lambda _: AWAY)), waiting(4, 7, since=since))
    assert retried is not None
    assert (retried.failed, retried.since_ms) == (4, int(since * 1000))


async def test_the_budget_of_those_behind_an_event_that_was_given_up_by_count_begins_anew() -> None:
    failing = delivery(ScriptedSink(lambda _: SERVER_ERROR), retry=Retry(max_attempts=3))
    retried = await settle_retry(failing, waiting(4, 7, attempts=2, since=NOW - 40))
    assert retried is not None
    assert (retried.failed, retried.since_ms) == (4, 0)


async def test_an_event_that_came_behind_an_old_one_has_its_own_age() -> None:
    old, young = waiting(4, since=NOW - 90_000), waiting(7, since=NOW - 60)
    retried = await settle_retry(
        delivery(ScriptedSink(lambda _: AWAY)), replace(old, events=young.events, total=1)
    )
    assert retried is not None
    assert retried.dead == ""


async def test_an_absent_sink_does_not_use_up_the_budget_by_count() -> None:
    retried = await settle_retry(delivery(ScriptedSink(lambda _: AWAY)), waiting(4, attempts=19))
    assert retried is not None
    assert (retried.attempts, retried.dead) == (19, "")


async def test_an_event_that_the_log_has_lost_is_a_dead_letter() -> None:
    retried = await settle_retry(delivery(ScriptedSink()), waiting(4, lost=[4]))
    assert retried is not None
    assert retried.dead


async def test_an_event_that_finds_the_sink_away_while_others_get_through_waits_longer_each_time() -> None:
    for waited, longer in ((0, 1), (40, 20), (10_000, 600)):
        found = await settle_retry(delivery(ScriptedSink(lambda _: AWAY)), waiting(4, since=NOW - waited))
        assert found is not None
        assert (found.attempts, found.due_ms) == (1, int((NOW + longer) * 1000))


async def test_an_open_breaker_alone_says_when_something_is_tried_again() -> None:
    held = replace(delivery(ScriptedSink(lambda _: AWAY)), held=lambda: True)
    outcome = await settle(held, reading(1, 2, attempts=2))
    assert outcome.hold is not None
    assert [outcome.hold.until_ms, *(p.due_ms for p in outcome.parked)] == [int(NOW * 1000)] * 2
    retried = await settle_retry(held, waiting(4, since=NOW - 40))
    assert retried is not None
    assert retried.due_ms == int(NOW * 1000)

from __future__ import annotations

from workers.sinks.base import Failure
from workers.sinks.chunks import HELD_BACK
from workers.sinks.rounds import in_rounds, rounds

AWAY = Failure("away", scope="sink")
REFUSED = Failure("refused")


def sequence(make_event, *numbers):
    return [make_event(number, version=f"{index:04}") for index, number in enumerate(numbers)]


def recorder(*answers):
    sent = []

    async def send(events):
        sent.append([event.head.sequence for event in events])
        return answers[len(sent) - 1] if len(sent) <= len(answers) else {}

    return sent, send


def test_every_event_has_one_turn_and_no_round_has_a_resource_twice(make_event):
    events = sequence(make_event, 1, 2, 1, 1, 2, 3)
    assert list(rounds(events, 100)) == [[0, 1, 5], [2, 4], [3]]
    assert list(rounds(events, 2)) == [[0, 1], [2], [3], [4, 5]]
    assert list(rounds([], 2)) == []


async def test_a_resource_that_failed_is_held_back_and_the_others_go_on(make_event):
    sent, send = recorder({0: REFUSED})
    failures = await in_rounds(sequence(make_event, 1, 2, 1, 2, 1), 100, send)
    assert sent == [["0000", "0001"], ["0003"]]
    assert failures == {0: REFUSED, 2: HELD_BACK, 4: HELD_BACK}


async def test_what_failed_for_good_holds_back_too(make_event):
    _, send = recorder({0: Failure("no", permanent=True)})
    failures = await in_rounds(sequence(make_event, 1, 1), 100, send)
    assert failures[1] == HELD_BACK


async def test_a_sink_that_is_away_ends_the_work_and_what_arrived_before_counts(make_event):
    sent, send = recorder({1: AWAY})
    failures = await in_rounds(sequence(make_event, 1, 2, 3, 1, 2), 3, send)
    assert sent == [["0000", "0001", "0002"]]
    assert failures == {1: AWAY, 3: AWAY, 4: AWAY}


async def test_an_event_of_its_own_fault_keeps_its_failure_when_the_sink_goes_away(make_event):
    _, send = recorder({0: REFUSED, 1: AWAY})
    failures = await in_rounds(sequence(make_event, 1, 2, 3, 1), 3, send)
    assert failures == {0: REFUSED, 1: AWAY, 3: AWAY}


async def test_tenants_do_not_share_resources(make_event):
    sent, send = recorder()
    await in_rounds([make_event(1, tenant="acme"), make_event(1, tenant="other")], 100, send)
    assert len(sent) == 1

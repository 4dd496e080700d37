from __future__ import annotations

import pytest

from tests.workers.replay.house import event
from workers.events import Event
from workers.replay.conditions import Conditions, as_json, from_json

AT = Event(event(7, 1, "updated", "2026-03-01T10:00:00.500Z"))
AT_MS = 1_772_359_200_500


@pytest.mark.parametrize(
    ("conditions", "holds"),
    [
        (Conditions(), True),
        (
            Conditions(types=("eu.myprotime.assignment.deleted.v1", "eu.myprotime.assignment.updated.v1")),
            True,
        ),
        (Conditions(types=("eu.myprotime.assignment.deleted.v1",)), False),
        (Conditions(collections=("clockings",)), False),
        (Conditions(subject="assignments/7"), True),
        (Conditions(subject="assignments/70"), False),
        (Conditions(since_ms=AT_MS), True),
        (Conditions(since_ms=AT_MS + 1), False),
        (Conditions(until_ms=AT_MS), False),
        (Conditions(until_ms=AT_MS + 1), True),
        (Conditions(collections=("assignments",), until_ms=AT_MS), False),
    ],
)
def test_all_conditions_must_hold_and_any_value_of_a_list(conditions: Conditions, holds: bool) -> None:
    assert conditions.hold(AT) is holds
    assert from_json(as_json(conditions)) == conditions


def test_a_replayed_event_differs_in_its_origin_alone() -> None:
    text = event(7, 1).replace(b'"id":7', b'"id":7,"resource":{"origin":"webhook","x":1.50}')
    again = Event(text).as_replay()
    assert again.json == text.replace(b'"origin":"webhook","data"', b'"origin":"replay","data"')
    assert Event(text).as_own_write().as_replay().head.ownwrite
    assert again.as_replay().json == again.json

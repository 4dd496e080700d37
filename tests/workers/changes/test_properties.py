from __future__ import annotations

import copy
import json
from typing import Any

from cloudevents.core.formats.json import JSONFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from workers.changes import NormalizeError, TenantView, normalize, schema
from workers.changes.catalog import COLLECTIONS
from workers.changes.diff import diff, same
from workers.changes.envelope import FieldChange
from workers.changes.meaning import meanings
from workers.events import Event

NAMES = [
    "id", "changeVersion", "person", "from", "until", "date", "startTimeInMinutes", "endTimeInMinutes",
    "timeOfDayInMinutes", "durationInMinutes", "activityLevels", "comments", "isRejected", "kind", "reason", "status",
    "approvalLevel", "isLocked", "dayPart", "requestedAbsenceDefinition", "shiftDefinition", "isAuthorized",
    "outOfServiceDate", "periodClosingDate", "lastName", "badgeNumber", "flextimeBalanceInMinutes", "~",
    "a.b", "a", "b", "\\", "",
]  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.integers(-1440, 2880)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8)
    | st.sampled_from(["2026-03-29", "2026-10-25", "0001-01-01", "9999-12-31", "Deleted", "InOut", "Reason"])
    | st.sampled_from(["AwaitingApproval", "Approved", "NotApproved"])
)
keys = st.sampled_from(NAMES) | st.text(max_size=3)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(keys, values, max_size=6)

days = st.dates().map(str)
minutes = st.integers(-1440, 2880)
assignments = st.fixed_dictionaries(
    {"id": st.just(1)},
    optional={
        "person": st.fixed_dictionaries({"id": st.integers(1, 3) | st.integers()}) | st.none(),
        "from": days,
        "until": days | st.none(),
        "startTimeInMinutes": minutes,
        "endTimeInMinutes": minutes | st.none(),
        "breakDurationInMinutes": st.sampled_from([0, 30, None]),
        "isRejected": st.booleans(),
        "comments": st.text(max_size=5) | st.none(),
        "activityLevels": st.lists(
            st.fixed_dictionaries({"level": st.integers(1, 2), "activityDefinition": objects}), max_size=2
        ),
    },
)


def applied(before: dict[str, Any], changes: list[FieldChange]) -> dict[str, Any]:
    result = copy.deepcopy(before)
    for change in changes:
        *parents, last = names(change.path)
        target = result
        for parent in parents:
            target = target[parent]
        target[last] = change.after
    return result


def names(path: str) -> list[str]:
    """Splits at dots that no backslash protects."""
    parts = [""]
    characters = iter(path)
    for character in characters:
        if character == ".":
            parts.append("")
        else:
            parts[-1] += next(characters) if character == "\\" else character
    return parts


@given(objects)
def test_nothing_differs_from_itself(body: dict[str, Any]) -> None:
    assert diff(body, json.loads(json.dumps(body))) == []


@given(objects, objects)
def test_the_changes_applied_to_the_previous_record_give_the_new_one(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    result = applied(before, diff(before, after))
    assert same({**result, "changeVersion": None}, {**after, "changeVersion": None})


@given(objects, objects)
def test_every_change_is_a_difference_and_paths_are_unique(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    changes = diff(before, after)
    assert not [change for change in changes if same(change.before, change.after)]
    assert len({change.path for change in changes}) == len(changes)


@given(objects, objects)
def test_a_change_back_is_the_change_turned_round(before: dict[str, Any], after: dict[str, Any]) -> None:
    there, back = diff(before, after), diff(after, before)
    assert [(c.path, c.before, c.after) for c in there] == [(c.path, c.after, c.before) for c in back]


@settings(max_examples=300)
@given(
    collection=st.sampled_from(sorted(COLLECTIONS)),
    resource=values | objects,
    previous=st.none() | objects,
    was_deleted=st.booleans(),
)
def test_any_json_is_an_event_or_a_refusal(
    *, change: Any, brussels: TenantView, collection: str, resource: Any, previous: Any, was_deleted: bool
) -> None:
    given_change = change(collection, resource, previous, deleted=resource is None, was_deleted=was_deleted)
    try:
        rendered = normalize(given_change, brussels)
    except NormalizeError as refusal:
        assert len(str(refusal)) < 200  # noqa: PT017  # both ends are right
        return
    check(rendered.json, rendered.id)


@given(assignments, st.none() | assignments)
def test_every_readable_assignment_is_an_event(
    change: Any, brussels: TenantView, resource: dict[str, Any], previous: dict[str, Any] | None
) -> None:
    rendered = normalize(change("assignments", resource, previous), brussels)
    check(rendered.json, rendered.id)
    data = Event(rendered.json).head.data
    order = meanings("assignments")
    assert list(data.meaning) == sorted(data.meaning, key=order.index)
    assert not {"lengthened", "shortened"} <= set(data.meaning)


@given(assignments)
def test_of_the_same_record_twice_the_second_means_nothing(
    change: Any, brussels: TenantView, body: dict[str, Any]
) -> None:
    data = Event(normalize(change("assignments", body, body), brussels).json).head.data
    assert (data.change, data.meaning, data.changes) == ("updated", (), ())


def check(event_json: bytes, event_id: str) -> None:
    """Whoever is to read the event can: a sink, the cloudevents library, a validator."""
    head = Event(event_json).head
    assert head.id == event_id == f"acme/{head.subject}/{head.sequence}"
    assert set(head.data.meaning) <= set(meanings(head.data.collection))
    assert JSONFormat().read(None, event_json).get_id() == event_id
    made = schema(head.dataschema.removeprefix("/schemas/"))
    Draft202012Validator(made).validate(json.loads(event_json))

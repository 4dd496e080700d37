"""What a sink gets of an event."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from workers.sinks.shaping import REDACTED, Shape, shaped

RESOURCE = {"person": {"id": 1, "name": "Ann"}, "comments": "private", "startTimeInMinutes": 540}
PREVIOUS = {"person": {"id": 1, "name": "Ann"}, "comments": "before", "startTimeInMinutes": 480}
CHANGES = [
    {"path": "comments", "before": "before", "after": "private"},
    {"path": "startTimeInMinutes", "before": 480, "after": 540},
]


def data_of(make_event, **shape: Any) -> dict[str, Any]:
    event = make_event(resource=RESOURCE, previous=PREVIOUS, changes=CHANGES)
    return dict(shaped(event, Shape(**shape)).as_dict()["data"])


def test_without_a_shape_the_bytes_stay_as_they_are(make_event):
    event = make_event()
    assert shaped(event, Shape()) is event


def test_a_shaped_event_is_the_same_event(make_event):
    event = make_event(resource=RESOURCE)
    new = shaped(event, Shape(fields=["meaning"]))
    assert {k: v for k, v in new.as_dict().items() if k != "data"} == {
        k: v for k, v in event.as_dict().items() if k != "data"
    }
    assert new.head.id == event.head.id


def test_only_chosen_properties_stay_in_the_record_the_one_before_and_the_changes(make_event):
    data = data_of(make_event, fields=["meaning", "resource.startTimeInMinutes", "resource.person.id"])
    assert data == {
        "tenant": "acme",
        "collection": "assignments",
        "id": 757085,
        "change": "updated",
        "meaning": ["rescheduled", "break_changed"],
        "resource": {"startTimeInMinutes": 540, "person": {"id": 1}},
        "previous": {"startTimeInMinutes": 480, "person": {"id": 1}},
        "changes": [CHANGES[1]],
    }


def test_a_whole_record_can_be_chosen(make_event):
    data = data_of(make_event, fields=["resource"])
    assert data["resource"] == RESOURCE
    assert data["previous"] == PREVIOUS
    assert data["changes"] == CHANGES


def test_redacted_values_are_gone_from_the_record_the_one_before_and_the_changes(make_event):
    data = data_of(make_event, redact=["resource.comments"])
    assert data["resource"] == {**RESOURCE, "comments": REDACTED}
    assert data["previous"] == {**PREVIOUS, "comments": REDACTED}
    assert data["changes"] == [{"path": "comments", "before": REDACTED, "after": REDACTED}, CHANGES[1]]


def test_a_change_that_holds_a_redacted_value_is_redacted_whole(make_event):
    change = {"path": "person", "before": None, "after": {"id": 1, "name": "Ann"}}
    event = make_event(resource=RESOURCE, changes=[change])
    data = shaped(event, Shape(redact=["resource.person.name"])).as_dict()["data"]
    assert data["changes"] == [{"path": "person", "before": None, "after": REDACTED}]


def test_a_change_shows_nothing_beside_the_chosen_properties(make_event):
    change = {"path": "person", "before": None, "after": {"id": 1, "name": "Ann"}}
    event = make_event(resource=RESOURCE, changes=[change])
    assert shaped(event, Shape(fields=["resource.person.id"])).as_dict()["data"]["changes"] == []


def test_what_an_event_does_not_have_is_no_mistake(make_event):
    event = make_event(resource=None, previous=None)
    data = shaped(event, Shape(fields=["resource.comments"], redact=["resource.person.id"])).as_dict()["data"]
    assert data["resource"] is None


@pytest.mark.parametrize("path", ["meaning", "person", "notice.minutes", "changes", "resource"])
def test_only_values_of_the_record_are_redacted(path):
    with pytest.raises(ValidationError, match="not in the record"):
        Shape(redact=[path])


@given(
    st.sets(
        st.sampled_from(["meaning", "person", "notice", "start", "changes", "resource", "resource.person"])
    )
)
def test_whatever_is_left_of_an_event_can_be_read(make_event, fields):
    event = shaped(
        make_event(resource=RESOURCE, previous=PREVIOUS, changes=CHANGES), Shape(fields=sorted(fields))
    )
    assert event.head.data.id == 757085
    assert event.id == make_event().id


@pytest.mark.parametrize("path", ["id", "tenant", "change.x", "a..b", "", ".a"])
def test_what_makes_an_event_cannot_be_shaped_and_a_path_needs_names(path):
    with pytest.raises(ValidationError):
        Shape(redact=[path])


@given(st.integers(1, 3), st.integers(0, 3))
def test_nothing_below_a_redacted_path_is_left_readable(make_event, depth, sides):
    """Whatever part of the path is named, in the record, in the one before, and in a change of any part of it."""
    names = ["a", "b", "c"]
    secret = {"a": {"b": {"c": "SECRET"}}}
    change = {"path": ".".join(names[:sides]) or "z", "before": None, "after": "SECRET" if sides else 1}
    event = make_event(resource=secret, previous=secret, changes=[change])
    out = shaped(event, Shape(redact=[".".join(["resource", *names[:depth]])])).json
    assert b"SECRET" not in out

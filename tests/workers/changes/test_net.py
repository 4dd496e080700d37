"""Several events of one record as one: the change between the state before the first and the state after the last."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jsonschema
import pytest

from workers.changes import Change, Fingerprints, TenantView, normalize, schema, stored_form
from workers.changes.net import net

T0 = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


class History:
    """Events of one record as the log has them, a minute apart: each knows what was known before it."""

    def __init__(self, view: TenantView, collection: str = "assignments") -> None:
        self.view, self.collection = view, collection
        self.state: dict[str, Any] | None = None
        self.gone = False
        self.told: list[dict[str, Any]] = []

    def write(self, resource: dict[str, Any] | None, **more: Any) -> History:
        number = len(self.told) + 1
        change = Change(
            tenant="acme",
            collection=self.collection,
            id=757085,
            version=f"{number:04}",
            deleted=resource is None,
            resource=resource,
            previous=self.state,
            was_deleted=self.gone,
            origin="webhook",
            learned_at=T0 + timedelta(minutes=number),
        )
        self.told.append({**json.loads(normalize(change, self.view).json), **more})
        self.gone = resource is None
        if resource is not None:
            self.state = stored_form(self.collection, resource, self.view)
        return self

    def known(self, resource: dict[str, Any]) -> History:
        """What the sink has heard of before."""
        self.state = stored_form(self.collection, resource, self.view)
        return self

    def net(self) -> dict[str, Any] | None:
        written = net(self.told, self.view)
        return None if written is None else json.loads(written)


@pytest.fixture
def history(brussels: TenantView) -> History:
    return History(brussels)


Shift = Callable[..., dict[str, Any]]


def test_many_edits_are_one_update_from_the_first_state_to_the_last(
    history: History, assignment: Shift
) -> None:
    history.known(assignment())
    for minutes in (500, 520, 540):
        history.write(assignment(startTimeInMinutes=minutes, comments=f"at {minutes}"))
    event = history.net()
    assert event is not None
    assert (event["id"], event["sequence"], event["time"]) == (
        "acme/assignments/757085/0003",
        "0003",
        history.told[-1]["time"],
    )
    data = event["data"]
    assert (data["change"], event["type"]) == ("updated", "eu.myprotime.assignment.updated.v1")
    assert (data["previous"], data["resource"]) == (assignment(), history.told[-1]["data"]["resource"])
    assert {c["path"]: (c["before"], c["after"]) for c in data["changes"]} == {
        "comments": ("Morning shift", "at 540"),
        "startTimeInMinutes": (480, 540),
    }
    assert data["meaning"] == ["rescheduled", "shortened", "comment_changed"]
    assert event["collapsed"] == 3


def test_the_net_event_is_valid_by_the_published_schema(history: History, assignment: Shift) -> None:
    history.known(assignment()).write(assignment(startTimeInMinutes=500)).write(None)
    jsonschema.validate(history.net(), schema("assignment.v1.json"))


def test_created_and_edited_is_created_in_the_last_state(history: History, assignment: Shift) -> None:
    event = history.write(assignment()).write(assignment(comments="later")).net()
    assert event is not None
    data = event["data"]
    assert (data["change"], data["meaning"], data["previous"], data["changes"]) == (
        "created",
        ["planned"],
        None,
        [],
    )
    assert data["resource"]["comments"] == "later"


def test_edited_and_deleted_is_deleted_and_tells_what_the_sink_knew(
    history: History, assignment: Shift
) -> None:
    event = history.known(assignment()).write(assignment(startTimeInMinutes=600)).write(None).net()
    assert event is not None
    data = event["data"]
    assert (data["change"], data["meaning"], data["resource"]) == ("deleted", ["cancelled"], None)
    assert data["previous"] == assignment()
    assert data["start"] == "2026-03-10T08:00:00+01:00"


def test_created_and_deleted_is_nothing(history: History, assignment: Shift) -> None:
    assert history.write(assignment()).write(assignment(comments="x")).write(None).net() is None


def test_deleted_and_created_again_is_an_update(history: History, assignment: Shift) -> None:
    event = history.known(assignment()).write(None).write(assignment(startTimeInMinutes=540)).net()
    assert event is not None
    assert (event["data"]["change"], event["data"]["previous"]) == ("updated", assignment())


def test_a_deletion_told_twice_and_a_creation_is_created(history: History, assignment: Shift) -> None:
    history.known(assignment())
    history.gone = True
    event = history.write(None).write(assignment()).net()
    assert event is not None
    assert event["data"]["change"] == "created"


def test_two_repeated_deletions_are_nothing(history: History, assignment: Shift) -> None:
    history.known(assignment())
    history.gone = True
    assert history.write(None).write(None).net() is None


def test_moved_and_moved_back_is_nothing(history: History, assignment: Shift) -> None:
    history.known(assignment())
    assert history.write(assignment(startTimeInMinutes=540)).write(assignment()).net() is None


def test_a_record_that_is_only_told_again_is_nothing(history: History, assignment: Shift) -> None:
    assert history.known(assignment()).write(assignment()).write(assignment()).net() is None


def test_the_notice_is_that_of_the_first_affected_start_from_the_last_time(
    history: History, assignment: Shift
) -> None:
    history.known(assignment())
    history.write(assignment(**{"from": "2026-03-30", "until": "2026-03-30"})).write(
        assignment(**{"from": "2026-03-31", "until": "2026-03-31"})
    )
    event = history.net()
    assert event is not None
    # The shift of 10 March at 08:00 (07:00 UTC) went away; it became known on the 9th at 08:02 UTC.
    assert event["data"]["notice"] == {"minutes": 23 * 60 - 2, "short": True}


def test_a_clocking_marked_as_deleted_is_deleted(brussels: TenantView, clocking: Shift) -> None:
    history = History(brussels, "clockings").known(clocking())
    event = history.write(clocking(timeOfDayInMinutes=490)).write(clocking(status="Deleted")).net()
    assert event is not None
    assert (event["data"]["change"], event["data"]["meaning"]) == ("deleted", ["removed"])


def test_an_own_write_is_marked_only_when_all_of_them_were(history: History, assignment: Shift) -> None:
    history.known(assignment()).write(assignment(comments="a"), ownwrite=True)
    both = history.write(assignment(comments="b"), ownwrite=True).net()
    assert both is not None
    assert both["ownwrite"] is True
    mixed = history.write(assignment(comments="c")).net()
    assert mixed is not None
    assert "ownwrite" not in mixed


def test_a_hidden_change_of_a_person_keeps_its_word(brussels: TenantView) -> None:
    view = TenantView(
        brussels.timezone, 168, brussels.people_fields, Fingerprints("a-secret-key-long-enough-for-this")
    )
    ann = {"id": 757085, "changeVersion": "1", "employeeNumber": "7", "lastName": "Ann"}
    history = History(view, "people").known(ann)
    event = (
        history.write({**ann, "lastName": "Anne"})
        .write({**ann, "lastName": "Anne", "employeeNumber": "8"})
        .net()
    )
    assert event is not None
    assert event["data"]["meaning"] == ["employee_number_changed", "name_changed"]
    assert "Ann" not in json.dumps(event)


def test_the_same_events_give_the_same_bytes(history: History, assignment: Shift) -> None:
    history.known(assignment()).write(assignment(comments="a")).write(assignment(comments="b"))
    assert net(history.told, history.view) == net(history.told, history.view)

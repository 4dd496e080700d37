from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat

from workers.changes import Rendered, TenantView, normalize
from workers.changes.catalog import COLLECTIONS
from workers.collections import WEBHOOK_COLLECTIONS
from workers.events import Event


def test_an_update_is_written_as_the_design_says(render: Any, assignment: Any) -> None:
    after = assignment(changeVersion="0001E7C5000098FA0014", startTimeInMinutes=540, endTimeInMinutes=1080)
    assert render("assignments", after, assignment()) == {
        "specversion": "1.0",
        "id": "acme/assignments/757085/0001E7C5000098FA0014",
        "source": "/protime/acme/assignments",
        "type": "eu.myprotime.assignment.updated.v1",
        "subject": "assignments/757085",
        "time": "2026-03-09T14:03:11.512Z",
        "datacontenttype": "application/json",
        "dataschema": "/schemas/assignment.v1.json",
        "sequence": "0001E7C5000098FA0014",
        "partitionkey": "assignments/757085",
        "origin": "webhook",
        "data": {
            "tenant": "acme",
            "collection": "assignments",
            "id": 757085,
            "change": "updated",
            "meaning": ["rescheduled"],
            "person": {"id": 1},
            "start": "2026-03-10T09:00:00+01:00",
            "end": "2026-03-10T18:00:00+01:00",
            "notice": {"minutes": 1016, "short": True},
            "changes": [
                {"path": "endTimeInMinutes", "before": 1020, "after": 1080},
                {"path": "startTimeInMinutes", "before": 480, "after": 540},
            ],
            "resource": after,
            "previous": assignment(),
        },
    }


def test_what_was_not_known_is_created_and_tells_no_changes(render: Any, assignment: Any) -> None:
    data = render("assignments", assignment())["data"]
    assert (data["change"], data["changes"], data["previous"]) == ("created", [], None)


@pytest.mark.rule("7-return")
def test_a_record_over_a_tombstone_is_created(render: Any, assignment: Any) -> None:
    for previous in (None, assignment()):
        event = render("assignments", assignment(), previous, was_deleted=True)
        assert event["type"] == "eu.myprotime.assignment.created.v1"
        assert event["data"]["previous"] is None


def test_a_delete_tells_whose_shift_vanished(render: Any, assignment: Any) -> None:
    event = render("assignments", None, assignment())
    data = event["data"]
    assert event["type"] == "eu.myprotime.assignment.deleted.v1"
    assert (data["resource"], data["previous"], data["changes"]) == (None, assignment(), [])
    assert (data["person"], data["start"], data["end"]) == (
        {"id": 1},
        "2026-03-10T08:00:00+01:00",
        "2026-03-10T17:00:00+01:00",
    )


def test_a_delete_of_what_was_never_known_is_told_all_the_same(render: Any) -> None:
    data = render("assignments")["data"]
    assert data["change"] == "deleted"
    assert [data[name] for name in ("person", "start", "end", "notice", "resource", "previous")] == [None] * 6


@pytest.mark.rule("9.2-removal")
def test_a_clocking_with_status_deleted_is_deleted_and_keeps_its_record(render: Any, clocking: Any) -> None:
    gone = clocking(status="Deleted")
    event = render("clockings", gone, clocking())
    assert event["type"] == "eu.myprotime.clocking.deleted.v1"
    assert event["data"]["resource"] == gone
    assert event["data"]["changes"] == [{"path": "status", "before": "Active", "after": "Deleted"}]


def test_a_deleted_clocking_that_names_nobody_is_told_by_the_last_known_record(
    render: Any, clocking: Any
) -> None:
    data = render("clockings", {"id": 1050, "status": "Deleted"}, clocking())["data"]
    assert (data["person"], data["start"]) == ({"id": 1}, "2026-02-13T08:00:00+01:00")


def test_an_update_that_takes_the_person_away_is_told_by_the_new_record(render: Any, assignment: Any) -> None:
    data = render("assignments", assignment(person=None, startTimeInMinutes=600), assignment())["data"]
    assert (data["person"], data["start"]) == (None, "2026-03-10T10:00:00+01:00")


def test_a_clocking_that_returns_from_status_deleted_is_created(render: Any, clocking: Any) -> None:
    data = render("clockings", clocking(), clocking(status="Deleted"))["data"]
    assert (data["change"], data["meaning"], data["previous"]) == ("created", ["clocked_in_out"], None)


def test_status_deleted_means_nothing_in_other_collections(render: Any) -> None:
    assert render("activity-durations", {"status": "Deleted"})["data"]["change"] == "created"


def test_a_newer_version_without_a_difference_is_an_update_without_meaning(
    render: Any, assignment: Any
) -> None:
    data = render("assignments", assignment(changeVersion="0001E7C5000098FA0014"), assignment())["data"]
    assert (data["change"], data["meaning"], data["changes"]) == ("updated", [], [])


@pytest.mark.rule("1.2-unknown-properties")
def test_unknown_properties_pass_through(render: Any, assignment: Any) -> None:
    body = assignment(colour={"name": "red"}, isRejected="perhaps")
    assert render("assignments", body)["data"]["resource"] == body


def test_the_event_does_not_depend_on_anything_but_the_change(
    change: Any, assignment: Any, brussels: TenantView
) -> None:
    one = normalize(change("assignments", assignment(comments="x"), assignment()), brussels)
    two = normalize(change("assignments", assignment(comments="x"), assignment()), brussels)
    assert one == two == Rendered(one.id, one.json, "updated")


@pytest.mark.rule("7-not-an-id")
@pytest.mark.parametrize(
    "values",
    [
        {"origin": "delta"},
        {"learned_at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"was_deleted": True},
        {"previous": {"comments": "old"}},
    ],
)
def test_the_id_is_the_same_over_channels_and_time(
    change: Any, assignment: Any, brussels: TenantView, values: dict[str, Any]
) -> None:
    rendered = normalize(change("assignments", assignment(), **values), brussels)
    assert rendered.id == "acme/assignments/757085/0001E7C5000098FA0014"


def test_time_is_utc_whatever_the_zone_of_the_clock_that_took_it(render: Any, assignment: Any) -> None:
    learned_at = datetime(2026, 3, 9, 16, 3, 11, 999_999, timezone(timedelta(hours=2)))
    event = render("assignments", assignment(), learned_at=learned_at)
    assert event["time"] == "2026-03-09T14:03:11.999Z"


def test_every_collection_with_webhooks_has_events() -> None:
    assert tuple(sorted(COLLECTIONS)) == tuple(sorted(WEBHOOK_COLLECTIONS))
    assert len({known.singular for known in COLLECTIONS.values()}) == 18


@pytest.mark.parametrize(
    ("collection", "type_"),
    [
        ("people", "eu.myprotime.person.created.v1"),
        ("calculated-totals", "eu.myprotime.calculated-total.created.v1"),
        ("paid-presences", "eu.myprotime.paid-presence.created.v1"),
        ("absences", "eu.myprotime.absence.created.v1"),
        ("breaks", "eu.myprotime.break.created.v1"),
    ],
)
def test_types_have_the_singular(render: Any, collection: str, type_: str) -> None:
    assert render(collection, {})["type"] == type_


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
def test_sinks_and_the_cloudevents_library_can_read_every_event(
    change: Any, brussels: TenantView, collection: str
) -> None:
    rendered = normalize(change(collection, {"id": 7}), brussels)
    head = Event(rendered.json).head
    assert (head.id, head.data.collection, head.data.change) == (rendered.id, collection, "created")
    accepted = JSONFormat().read(None, rendered.json)
    assert accepted.get_extension("partitionkey") == f"{collection}/757085"
    assert accepted.get_time() == datetime(2026, 3, 9, 14, 3, 11, 512_000, UTC)


def test_text_is_written_as_utf_8(change: Any, assignment: Any, brussels: TenantView) -> None:
    rendered = normalize(change("assignments", assignment(comments="Frühdienst ☀")), brussels)
    assert "Frühdienst ☀".encode() in rendered.json
    assert msgspec.json.decode(rendered.json)["data"]["resource"]["comments"] == "Frühdienst ☀"

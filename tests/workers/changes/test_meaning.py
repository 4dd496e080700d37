from __future__ import annotations

from typing import Any

import pytest

from workers.changes.catalog import COLLECTIONS
from workers.changes.meaning import meanings


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"startTimeInMinutes": 540, "endTimeInMinutes": 1080}, ["rescheduled"]),
        ({"startTimeInMinutes": 540}, ["rescheduled", "shortened"]),
        ({"startTimeInMinutes": 420}, ["rescheduled", "lengthened"]),
        ({"endTimeInMinutes": 960}, ["rescheduled", "shortened"]),
        ({"from_": "2026-03-11", "until": "2026-03-11"}, ["rescheduled", "moved_to_other_day"]),
        ({"until": "2026-03-12"}, ["rescheduled", "lengthened"]),
        ({"until": None}, ["rescheduled", "lengthened"]),
        ({"person": {"id": 2}}, ["reassigned"]),
        ({"person": None}, ["reassigned"]),
        ({"breakDurationInMinutes": 45}, ["break_changed"]),
        ({"breakDurationInMinutes": None}, ["break_changed"]),
        ({"activityLevels": []}, ["activity_changed"]),
        ({"comments": "Late shift"}, ["comment_changed"]),
        ({"isRejected": True}, ["rejected"]),
        ({"isRejected": None}, []),
        ({"externalReferences": {"sap": "1"}}, []),
        ({"startTimeInMinutes": None}, ["rescheduled"]),
        ({"endTimeInMinutes": None}, ["rescheduled"]),
        (
            {
                "from_": "2026-03-09",
                "until": "2026-03-09",
                "startTimeInMinutes": 1920,
                "endTimeInMinutes": 2460,
            },
            ["moved_to_other_day"],
        ),
        (
            {"comments": None, "person": {"id": 3}, "endTimeInMinutes": 1080, "isRejected": True},
            ["rescheduled", "lengthened", "reassigned", "comment_changed", "rejected"],
        ),
    ],
)
def test_an_update_of_an_assignment_says_what_the_planner_did(
    render: Any, assignment: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    event = render("assignments", assignment(**properties), assignment())
    assert event["data"]["meaning"] == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"isRejected": True}, {"isRejected": False}, ["reinstated"]),
        ({"isRejected": True}, {"isRejected": None}, ["reinstated"]),
        ({"until": None}, {"until": None, "endTimeInMinutes": 960}, ["rescheduled", "shortened"]),
        ({"until": None}, {}, ["rescheduled", "shortened"]),
        ({"startTimeInMinutes": None, "endTimeInMinutes": None}, {}, ["rescheduled"]),
        (
            {"startTimeInMinutes": None, "endTimeInMinutes": None},
            {"startTimeInMinutes": None, "endTimeInMinutes": None, "until": "2026-03-11"},
            ["rescheduled", "lengthened"],
        ),
        (  # a night written as one day or as two
            {"startTimeInMinutes": 1320, "endTimeInMinutes": 1800},
            {"startTimeInMinutes": 1320, "endTimeInMinutes": 360, "until": "2026-03-11"},
            [],
        ),
    ],
)
def test_meaning_where_something_is_missing_before_or_after(
    render: Any, assignment: Any, before: dict[str, Any], after: dict[str, Any], expected: list[str]
) -> None:
    event = render("assignments", assignment(**after), assignment(**before))
    assert event["data"]["meaning"] == expected


def test_neither_the_order_of_levels_nor_references_change_an_activity(render: Any, assignment: Any) -> None:
    one = {"level": 1, "activityDefinition": {"id": "a"}}
    two = {"level": 2, "activityDefinition": {"id": "b"}}
    two_named = {
        "level": 2,
        "activityDefinition": {"id": "b", "externalReferences": {"@data-entry-code": "014"}},
    }
    event = render(
        "assignments", assignment(activityLevels=[two_named, one]), assignment(activityLevels=[one, two])
    )
    assert event["data"]["meaning"] == []
    assert [change["path"] for change in event["data"]["changes"]] == ["activityLevels"]


def test_a_new_assignment_is_planned_and_a_deleted_one_cancelled(render: Any, assignment: Any) -> None:
    assert render("assignments", assignment())["data"]["meaning"] == ["planned"]
    assert render("assignments", assignment(isRejected=True))["data"]["meaning"] == ["planned", "rejected"]
    assert render("assignments", None, assignment())["data"]["meaning"] == ["cancelled"]
    assert render("assignments")["data"]["meaning"] == ["cancelled"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("InOut", "clocked_in_out"),
        ("Reason", "reason_clocked"),
        ("Activity", "activity_started"),
        ("ActivityEnd", "activity_ended"),
        ("SomethingNew", "clocked"),
        (None, "clocked"),
        (7, "clocked"),
    ],
)
def test_a_new_clocking_says_what_was_clocked(render: Any, clocking: Any, kind: Any, expected: str) -> None:
    assert render("clockings", clocking(kind=kind))["data"]["meaning"] == [expected]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"timeOfDayInMinutes": 470, "originalTimeOfDayInMinutes": 480}, ["corrected"]),
        ({"date": "2026-02-14", "timeOfDayInMinutes": 480 - 1440}, ["moved_to_other_day"]),
        ({"date": "2026-02-14"}, ["corrected", "moved_to_other_day"]),
        ({"person": {"id": 2}}, ["reassigned"]),
        ({"kind": "ActivityEnd"}, ["kind_changed"]),
        ({"kind": "Reason", "reason": {"id": 5}}, ["kind_changed", "reason_changed"]),
        ({"activityLevels": [{"level": 1, "activityDefinition": {"id": "a"}}]}, ["activity_changed"]),
        ({"calculatedTimeOfDayInMinutes": 485}, ["recalculated"]),
        ({"terminal": {"id": 4}}, []),
    ],
)
def test_an_update_of_a_clocking_says_what_was_corrected(
    render: Any, clocking: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    assert render("clockings", clocking(**properties), clocking())["data"]["meaning"] == expected


def test_another_reason_is_a_changed_reason_and_its_reference_alone_is_not(
    render: Any, clocking: Any
) -> None:
    before = clocking(kind="Reason", reason={"id": 5})
    assert render("clockings", clocking(kind="Reason", reason={"id": 6}), before)["data"]["meaning"] == [
        "reason_changed"
    ]
    named = {"id": 5, "externalReferences": {"@absence-code": "DOC"}}
    assert render("clockings", clocking(kind="Reason", reason=named), before)["data"]["meaning"] == []


def test_a_removed_clocking_says_so_once(render: Any, clocking: Any) -> None:
    gone = clocking(status="Deleted")
    assert render("clockings", gone, clocking())["data"]["meaning"] == ["removed"]
    assert render("clockings", None, clocking())["data"]["meaning"] == ["removed"]
    assert render("clockings", None, gone)["data"]["meaning"] == []
    assert render("clockings", gone, None, was_deleted=True)["data"]["meaning"] == []


def test_other_collections_repeat_the_change_unless_nothing_differs(render: Any) -> None:
    body = {"id": 1, "date": "2026-03-10", "person": {"id": 1}}
    assert render("breaks", body)["data"]["meaning"] == ["created"]
    assert render("breaks", body | {"isBreakTaken": True}, body)["data"]["meaning"] == ["updated"]
    assert render("breaks", None, body)["data"]["meaning"] == ["deleted"]
    assert render("breaks", body, body)["data"]["meaning"] == []


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
def test_a_mere_re_emission_means_nothing_in_any_collection(render: Any, collection: str) -> None:
    body = {"id": 1, "date": "2026-03-10", "person": {"id": 1}, "changeVersion": "01", "comments": None}
    assert render(collection, body | {"changeVersion": "02"}, body)["data"]["meaning"] == []


def test_the_words_of_a_collection_are_in_their_fixed_order() -> None:
    assert meanings("assignments") == (
        "planned",
        "rescheduled",
        "moved_to_other_day",
        "lengthened",
        "shortened",
        "reassigned",
        "break_changed",
        "activity_changed",
        "comment_changed",
        "rejected",
        "reinstated",
        "cancelled",
    )
    assert meanings("breaks") == ("created", "updated", "deleted")

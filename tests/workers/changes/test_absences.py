"""What happens to an absence, in the words of who asks for it and who decides."""

from __future__ import annotations

from typing import Any

import pytest

ABSENCE: dict[str, Any] = {
    "changeVersion": "01",
    "id": 757085,
    "person": {"id": 7},
    "requestedAbsenceDefinition": {"id": 3},
    "date": "2026-03-10",
    "startTimeInMinutes": 480,
    "durationInMinutes": 240,
    "calculatedDurationInMinutes": 240,
    "dayPart": "First",
    "status": "Manual",
    "approvalLevel": "AwaitingApproval",
    "isLocked": False,
}
WHOLE_DAY = {name: value for name, value in ABSENCE.items() if name != "startTimeInMinutes"}
REFUSALS = ["NotApproved", "NotApprovedByPriorities", "NotApprovedByCalculations"]


@pytest.fixture
def meaning(render: Any) -> Any:
    return lambda *change, **values: render("absences", *change, **values)["data"]["meaning"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("AwaitingApproval", "requested"),
        ("Approved", "approved"),
        *((level, "refused") for level in REFUSALS),
        ("Unknown", "created"),
        ("SomethingNew", "created"),
        (None, "created"),
        (["Approved"], "created"),
    ],
)
def test_a_new_absence_says_how_far_its_approval_is(meaning: Any, level: Any, expected: str) -> None:
    assert meaning(ABSENCE | {"approvalLevel": level}) == [expected]


@pytest.mark.parametrize("status", ["Auto", "Open", "Terminal", "Unknown", "SomethingNew"])
def test_how_it_was_registered_does_not_say_whether_it_is_approved(meaning: Any, status: str) -> None:
    assert meaning(ABSENCE | {"status": status}) == ["requested"]
    assert meaning(ABSENCE | {"status": status}, ABSENCE) == ["updated"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("AwaitingApproval", "Approved", ["approved"]),
        *(("AwaitingApproval", level, ["refused"]) for level in REFUSALS),
        ("Approved", "NotApproved", ["refused"]),
        ("NotApproved", "Approved", ["approved"]),
        ("Approved", "AwaitingApproval", ["requested"]),
        (None, "Approved", ["approved"]),
        ("SomethingNew", "Approved", ["approved"]),
        ("NotApproved", "NotApprovedByPriorities", ["updated"]),
        ("Approved", "SomethingNew", ["updated"]),
        ("Approved", None, ["updated"]),
    ],
)
def test_a_decision_is_told_once_it_is_taken(meaning: Any, before: Any, after: Any, expected: Any) -> None:
    assert meaning(ABSENCE | {"approvalLevel": after}, ABSENCE | {"approvalLevel": before}) == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"startTimeInMinutes": 540}, ["rescheduled"]),
        ({"startTimeInMinutes": None}, ["rescheduled"]),
        ({"date": "2026-03-11"}, ["rescheduled", "moved_to_other_day"]),
        ({"date": "2026-03-11", "startTimeInMinutes": 480 - 1440}, ["moved_to_other_day"]),
        ({"durationInMinutes": 300}, ["lengthened"]),
        ({"durationInMinutes": 120}, ["shortened"]),
        ({"durationInMinutes": None}, ["updated"]),
        ({"startTimeInMinutes": 420, "durationInMinutes": 300}, ["rescheduled", "lengthened"]),
        ({"person": {"id": 8}}, ["reassigned"]),
        ({"requestedAbsenceDefinition": {"id": 4}}, ["type_changed"]),
        ({"requestedAbsenceDefinition": {"id": 3, "externalReferences": {"x": "1"}}}, []),
        ({"resultingAbsenceDefinition": {"id": 3}, "approvalLevel": "Approved"}, ["approved"]),
        ({"dayPart": "Second"}, ["day_part_changed"]),
        ({"shiftDefinition": {"id": 2}}, ["shift_changed"]),
        ({"isLocked": True}, ["locked"]),
        ({"calculatedDurationInMinutes": 228}, ["recalculated"]),
        ({"request": {"id": "1-7-9"}}, ["updated"]),
    ],
)
def test_an_update_of_an_absence_says_what_is_different(
    meaning: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    assert meaning(ABSENCE | properties, ABSENCE) == expected


def test_a_whole_day_without_a_start_can_move_and_change_its_length(meaning: Any) -> None:
    assert meaning(WHOLE_DAY | {"date": "2026-03-12"}, WHOLE_DAY) == ["rescheduled", "moved_to_other_day"]
    assert meaning(WHOLE_DAY | {"durationInMinutes": 456}, WHOLE_DAY) == ["lengthened"]


def test_a_closed_period_locks_and_unlocks(meaning: Any) -> None:
    assert meaning(ABSENCE | {"isLocked": None}, ABSENCE | {"isLocked": True}) == ["unlocked"]


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("AwaitingApproval", "withdrawn"),
        ("Approved", "cancelled"),
        ("NotApproved", "deleted"),
        ("SomethingNew", "deleted"),
        (None, "deleted"),
    ],
)
def test_a_deletion_is_told_by_what_was_decided_before(meaning: Any, level: Any, expected: str) -> None:
    assert meaning(None, ABSENCE | {"approvalLevel": level}) == [expected]


def test_a_deletion_of_what_was_never_known_is_a_deletion(meaning: Any) -> None:
    assert meaning() == ["deleted"]


def test_a_part_of_a_day_has_a_start_and_an_end_and_a_whole_day_has_not(render: Any) -> None:
    data = render("absences", ABSENCE)["data"]
    assert (data["start"], data["end"]) == ("2026-03-10T08:00:00+01:00", "2026-03-10T12:00:00+01:00")
    data = render("absences", WHOLE_DAY)["data"]
    assert (data["start"], data["end"]) == (None, None)


def test_a_deleted_absence_says_whose_and_when_it_was(render: Any) -> None:
    data = render("absences", None, ABSENCE)["data"]
    assert (data["person"], data["start"]) == ({"id": 7}, "2026-03-10T08:00:00+01:00")

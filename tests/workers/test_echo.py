"""What is an echo of our own write, and what is somebody else's change."""

from __future__ import annotations

from typing import Any

import pytest

from workers.echo import Sent, is_echo

AT = 1_772_000_000.0
TIME = "2026-02-25T06:13:20.000Z"  # the same moment
CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
GUID = "a7d853ea-89eb-4735-83d1-b891c6fde398"
SHIFT: dict[str, Any] = {
    "person": {"id": 1},
    "from": "2026-03-10",
    "until": "2026-03-10",
    "startTimeInMinutes": 480,
    "endTimeInMinutes": 1020,
    "activityLevels": [{"level": 1, "activityDefinition": {"id": GUID}}],
}


def event(collection: str, change: str, resource: Any, *changes: tuple[str, Any], time: str = TIME) -> Any:
    listed = [{"path": path, "before": None, "after": after} for path, after in changes]
    data = {"collection": collection, "change": change, "resource": resource, "changes": listed}
    return {"time": time, "data": data}


def clocked(sent: dict[str, Any], kept: dict[str, Any]) -> bool:
    record = {**CLOCKING, "id": 5, "changeVersion": "01", "status": "Active", **kept}
    return is_echo(Sent("created", AT, {**CLOCKING, **sent}), event("clockings", "created", record))


def changed(sent: dict[str, Any], kept: dict[str, Any], *changes: tuple[str, Any]) -> bool:
    record = {**SHIFT, "id": 5, "changeVersion": "01", "isRejected": False, **kept}
    return is_echo(Sent("updated", AT, {**SHIFT, **sent}), event("assignments", "updated", record, *changes))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {}),
        ({}, {"calculatedTimeOfDayInMinutes": 475, "terminal": {"id": 3}}),
        # Protime may move a clocking to another working day.
        ({"date": "2026-03-11", "timeOfDayInMinutes": -120}, {"timeOfDayInMinutes": 1320}),
        # A reference by name is compared where the event has it, and left out where it has not.
        ({"person": {"externalReferences": {"@employee-number": "E-7"}}}, {}),
        (
            {"person": {"externalReferences": {"@employee-number": "E-7"}}},
            {"person": {"id": 1, "externalReferences": {"@employee-number": "E-7"}}},
        ),
        # What Protime takes and does not show.
        ({"terminal": {"id": 3}}, {}),
        ({"geolocation": {"longitude": "4.3922250"}}, {"geolocation": {"longitude": 4.392225}}),
    ],
)
def test_an_event_with_all_that_was_sent_is_an_echo(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert clocked(sent, kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {"timeOfDayInMinutes": 481}),
        ({}, {"date": "2026-03-11"}),
        ({}, {"timeOfDayInMinutes": None}),
        ({}, {"person": {"id": 2}}),
        ({}, {"kind": "Reason"}),
        ({"terminal": {"id": 3}}, {"terminal": {"id": 4}}),
        (
            {"person": {"externalReferences": {"@employee-number": "E-7"}}},
            {"person": {"id": 1, "externalReferences": {"@employee-number": "E-8"}}},
        ),
    ],
)
def test_a_field_that_differs_is_somebody_elses(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert not clocked(sent, kept)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({}, {}),
        ({"from": "2026-03-11", "startTimeInMinutes": -960}, {}),
        ({"until": "2026-03-09", "endTimeInMinutes": 2460}, {}),
        ({"comments": " late "}, {"comments": "late"}),
        (
            {"activityLevels": [{"level": 1, "activityDefinition": {"externalReferences": {"Sap": "7"}}}]},
            {},
        ),
        ({"activityLevels": []}, {"activityLevels": None}),
    ],
)
def test_an_update_is_recognized_by_all_its_fields(sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert changed(sent, kept)


@pytest.mark.parametrize(
    "kept",
    [
        {"endTimeInMinutes": 1021},
        {"activityLevels": [*SHIFT["activityLevels"], {"level": 2, "activityDefinition": {"id": GUID}}]},
        {"activityLevels": [{"level": 2, "activityDefinition": {"id": GUID}}]},
        {"activityLevels": []},
    ],
)
def test_an_update_that_was_changed_again_is_not(kept: dict[str, Any]) -> None:
    assert not changed({}, kept)


def test_an_event_in_which_somebodys_change_came_with_ours_is_no_echo() -> None:
    moved = ("startTimeInMinutes", 480)
    assert changed({}, {}, moved)
    assert not changed({}, {"comments": "theirs"}, moved, ("comments", "theirs"))
    assert not changed({}, {"isRejected": True}, moved, ("isRejected", True))
    # A PUT clears what it leaves out, and Protime may calculate what we do not know.
    assert changed({}, {}, moved, ("comments", None), ("plannedHours", 9))


def test_another_kind_of_change_is_no_echo() -> None:
    record = {**CLOCKING, "id": 5}
    assert not is_echo(Sent("created", AT, CLOCKING), event("clockings", "updated", record))
    assert not is_echo(Sent("updated", AT, SHIFT), event("assignments", "created", SHIFT))
    assert not is_echo(Sent("updated", AT, SHIFT), event("assignments", "deleted", None))


def test_a_deletion_needs_no_record() -> None:
    assert is_echo(Sent("deleted", AT), event("assignments", "deleted", None))


def test_an_event_from_well_before_the_write_is_no_echo() -> None:
    def learned(time: str) -> bool:
        return is_echo(Sent("created", AT, CLOCKING), event("clockings", "created", CLOCKING, time=time))

    assert learned("2026-02-25T06:12:30.000Z")
    assert not learned("2026-02-25T06:12:10.000Z")

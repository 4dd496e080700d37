"""For each collection with webhooks a record, a change of it, and what an event says of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

DAY = date.today().isoformat()  # noqa: DTZ011  # the simulator's day
EIGHT = f"{DAY}T08:00:00"


@dataclass(frozen=True)
class Example:
    """`after` is put over `before`. `start` is compared without its offset."""

    singular: str
    before: dict[str, Any]
    after: dict[str, Any]
    meaning: list[str]
    new: str = "created"
    gone: str = "deleted"
    start: str | None = None
    scope: str = ""
    references: list[tuple[str, str]] = field(default_factory=list)


def daily(**more: Any) -> dict[str, Any]:
    return {"person": {"id": 1}, "date": DAY, **more}


def definition(**more: Any) -> dict[str, Any]:
    return {"name": {"default": "Early", "translations": {"nl": "Vroeg"}}, **more}


EXAMPLES = {
    "absences": Example(
        "absence",
        daily(
            startTimeInMinutes=480,
            durationInMinutes=240,
            approvalLevel="AwaitingApproval",
            requestedAbsenceDefinition={"id": 1},
        ),
        {"approvalLevel": "Approved"},
        ["approved"],
        new="requested",
        gone="cancelled",
        start=EIGHT,
        references=[("people", "@employee-number")],
    ),
    "absence-definitions": Example(
        "absence-definition", definition(code="Q1", isEnabled=True), {"isEnabled": False}, ["updated"]
    ),
    "absence-groups": Example("absence-group", definition(), {"name": {"default": "Leave"}}, ["updated"]),
    "access-clockings": Example(
        "access-clocking",
        daily(timeOfDayInMinutes=480, terminal={"id": 1}, status="AccessOk"),
        {"status": "AccessRefused"},
        ["updated"],
        start=EIGHT,
        references=[("people", "@badge-number")],
    ),
    "activity-durations": Example(
        "activity-duration",
        daily(durationInMinutes=60, status="Auto"),
        {"durationInMinutes": 90},
        ["updated"],
    ),
    "assignments": Example(
        "assignment",
        {
            "person": {"id": 1},
            "from": DAY,
            "until": DAY,
            "startTimeInMinutes": 480,
            "endTimeInMinutes": 1020,
            "activityLevels": [],
        },
        {"endTimeInMinutes": 960},
        ["rescheduled", "shortened"],
        new="planned",
        gone="cancelled",
        start=EIGHT,
    ),
    "break-definitions": Example(
        "break-definition",
        definition(minimumDurationInMinutes=30),
        {"minimumDurationInMinutes": 45},
        ["updated"],
    ),
    "breaks": Example(
        "break",
        daily(breakDefinition={"id": 1}, startTimeInMinutes=720, isBreakTaken=False),
        {"isBreakTaken": True},
        ["updated"],
    ),
    "calculated-totals": Example(
        "calculated-total",
        daily(timePresentDurationInMinutes=480, flextimeBalanceInMinutes=0),
        {"timePresentDurationInMinutes": 500, "flextimeBalanceInMinutes": 20},
        ["presence_changed", "balance_changed"],
        references=[("people", "@employee-number")],
    ),
    "clockings": Example(
        "clocking",
        daily(timeOfDayInMinutes=480, kind="InOut", status="Active"),
        {"timeOfDayInMinutes": 475, "originalTimeOfDayInMinutes": 480},
        ["corrected"],
        new="clocked_in_out",
        gone="removed",
        start=EIGHT,
    ),
    "contracts": Example(
        "contract",
        {"person": {"id": 1}, "code": "FT", "from": DAY, "contractPercentage": 100},
        {"contractPercentage": 50},
        ["hours_changed"],
    ),
    "counters": Example(
        "counter",
        daily(startTimeInMinutes=480, endTimeInMinutes=540, durationInMinutes=60, isAuthorized=False),
        {"isAuthorized": True},
        ["authorized"],
        start=EIGHT,
    ),
    "counter-definitions": Example(
        "counter-definition", definition(code="Q2", unit="Duration"), {"unit": "Instance"}, ["updated"]
    ),
    "counter-groups": Example("counter-group", definition(), {"name": {"default": "Extra"}}, ["updated"]),
    "paid-presences": Example(
        "paid-presence",
        daily(durationInMinutes=480),
        {"durationInMinutes": 456},
        ["updated"],
        scope="calculated-totals",
    ),
    "people": Example(
        "person",
        {"lastName": "SECRET-NAME", "employeeNumber": "Q-1", "badgeNumber": "SECRET-BADGE", "pinCode": 4711},
        {"badgeNumber": "SECRET-BADGE-2", "outOfServiceDate": DAY},
        ["left", "badge_changed"],
        new="joined",
    ),
    "shift-definitions": Example(
        "shift-definition", definition(code="Q3", isEnabled=True), {"code": "Q4"}, ["updated"]
    ),
    "work-interruptions": Example(
        "work-interruption",
        daily(startTimeInMinutes=480, endTimeInMinutes=495, durationInMinutes=15),
        {"durationInMinutes": 20},
        ["updated"],
        start=EIGHT,
    ),
}

"""The properties of the collections as Protime's pages have them, for every record the stand-in shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

Kind = Callable[[Any], bool]


def _is(*types: type) -> Kind:
    return lambda value: isinstance(value, types) and (bool in types or not isinstance(value, bool))


def one_of(*values: str) -> Kind:
    return lambda value: value in values


def minutes(least: int, most: int) -> Kind:
    return lambda value: INTEGER(value) and least <= value <= most


def texts(value: Any) -> bool:
    """`{"default": …, "translations": {"nl": …}}`."""
    translations = value.get("translations", {})
    return TEXT(value["default"]) and all(
        len(code) == 2 and TEXT(text) for code, text in translations.items()
    )


def many(kind: Kind) -> Kind:
    return lambda value: isinstance(value, list) and all(map(kind, value))


TEXT, FLAG, INTEGER, NUMBER = _is(str), _is(bool), _is(int), _is(int, float)


def day(value: Any) -> bool:
    return TEXT(value) and re.fullmatch(r"\d{4}-\d\d-\d\d", value) is not None


def reference(value: Any) -> bool:
    return set(value) == {"id"} and INTEGER(value["id"])


def level(value: Any) -> bool:
    return set(value) == {"level", "activityDefinition"} and TEXT(value["activityDefinition"]["id"])


SPAN = minutes(-1440, 2880)
PERIOD = one_of("Unknown", "Day", "Week", "PayPeriod")
BASE = {"id": INTEGER, "changeVersion": TEXT}
DAILY = {**BASE, "person": reference, "date": day}
NAMED = {**BASE, "name": texts, "friendlyName": texts, "code": TEXT, "isEnabled": FLAG}
TOTALS = ("normalTime", "timePresent", "calculatedPresence", "weeklyHours1", "weeklyHours2", "weeklyHours3")


def _named(names: Iterable[str], kind: Kind) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


SHAPES: Mapping[str, Mapping[str, Kind]] = MappingProxyType(
    {
        "people": {
            **BASE,
            **_named(("firstName", "lastName", "initials", "telephone", "mobile", "email", "address"), TEXT),
            **_named(("postalCode", "town", "countryISOCode", "nationalityISOCode", "placeOfBirth"), TEXT),
            **_named(("drivingLicense", "registerNumber", "passportNumber", "socialSecurityNumber"), TEXT),
            **_named(("bankAccount", "employeeNumber", "payGroup", "badgeNumber", "terminalLanguageISOCode"), TEXT),
            **_named(("birthDate", "inServiceDate", "outOfServiceDate", "wtdStartDate", "periodClosingDate"), day),
            **_named(("hourlyRateCurrencyDefinition", "advanceCurrencyDefinition", "terminalGroup"), reference),
            **_named(("hourlyRate", "maxAdvance"), NUMBER),
            "pinCode": INTEGER,
            "sex": one_of("Unknown", "Female", "Male", "Other"),
            "maritalStatus": one_of("Unknown", "Single", "Married", "Widow", "Widower", "Divorced", "LivingTogether"),
        },
        "absences": {
            **DAILY,
            **_named(("resultingAbsenceDefinition", "requestedAbsenceDefinition", "shiftDefinition"), reference),
            **_named(("startTimeInMinutes", "durationInMinutes", "calculatedDurationInMinutes"), INTEGER),
            "dayPart": one_of("Unknown", "First", "Second"),
            "request": lambda value: re.fullmatch(r"[^-]+-\d+-\d+", value["id"]) is not None,
            "status": one_of("Unknown", "Manual", "Auto", "BeginOpen", "Open", "Terminal", "Calendar"),
            "approvalLevel": one_of(
                "Unknown", "AwaitingApproval", "Approved", "NotApproved", "NotApprovedByPriorities",
                "NotApprovedByCalculations",
            ),
            "isLocked": FLAG,
            "periodType": PERIOD,
        },
        "shift-definitions": NAMED,
        "absence-definitions": {
            **NAMED,
            "friendlyCode": TEXT,
            "allowedDurations": many(one_of("Unknown", "FullDay", "HalfDay", "Interval", "Duration")),
            "isReasonForClocking": FLAG,
            "absenceGroup": reference,
        },
        "absence-groups": {**BASE, "name": texts},
        "counter-groups": {**BASE, "name": texts},
        "counter-definitions": {
            **NAMED,
            "friendlyCode": TEXT,
            "counterGroup": reference,
            "unit": one_of("Unknown", "Interval", "Duration", "Instance"),
        },
        "break-definitions": {
            **BASE,
            "name": texts,
            "friendlyName": texts,
            **_named(("paidDurationInMinutes", "minimumDurationInMinutes", "maximumDurationInMinutes"), INTEGER),
            "ifNotClockedDurationInMinutes": INTEGER,
            "hasToBeTakenUninterrupted": FLAG,
        },
        "calculated-totals": {
            **DAILY,
            **_named((f"{name}DurationInMinutes" for name in TOTALS), INTEGER),
            **_named(("payPeriodHoursDurationInMinutes", "flextimeDurationInMinutes"), INTEGER),
            "flextimeBalanceInMinutes": INTEGER,
            "shiftDefinition": reference,
        },
        "paid-presences": {**DAILY, "durationInMinutes": INTEGER, "shiftDefinition": reference},
        "counters": {
            **DAILY,
            **_named(("shiftDefinition", "counterDefinition"), reference),
            "numberOfInstances": NUMBER,
            "request": lambda value: set(value) == {"id"},
            "status": one_of("Unknown", "Auto", "Manual", "Calendar"),
            "isAuthorized": FLAG,
            "periodType": PERIOD,
            **_named(("startTimeInMinutes", "endTimeInMinutes", "durationInMinutes"), INTEGER),
        },
        "breaks": {
            **DAILY,
            "breakDefinition": reference,
            **_named(("calculatedDurationInMinutes", "clockedDurationInMinutes"), INTEGER),
            **_named(("startTimeInMinutes", "endTimeInMinutes"), SPAN),
            "isBreakTaken": FLAG,
        },
        "work-interruptions": {
            **DAILY,
            **_named(("startTimeInMinutes", "endTimeInMinutes"), SPAN),
            "durationInMinutes": INTEGER,
        },
        "activity-durations": {
            **DAILY,
            "durationInMinutes": INTEGER,
            "activityLevels": many(level),
            **_named(("absenceDefinition", "shiftDefinition"), reference),
            "request": lambda value: TEXT(value["id"]),
            "counterDefinitions": many(reference),
            "status": one_of("Unknown", "Auto", "Manual"),
            "isAuthorized": FLAG,
        },
        "access-clockings": {
            **DAILY,
            "timeOfDayInMinutes": minutes(0, 1439),
            "terminal": reference,
            "status": one_of(
                "AccessOk", "AccessRefused", "WrongPinCode", "AlarmCode", "AntiPassbackError", "OutZone",
                "UnknownBadgeNumber",
            ),
        },
        "contracts": {
            **BASE,
            "person": reference,
            "code": TEXT,
            **_named(("from", "until"), day),
            **_named(("contractHoursInMinutes", "numberOfDaysInContractPeriod"), INTEGER),
            **_named(("contractPercentage", "numberOfWorkingDaysPerWeek"), NUMBER),
            "fullTimeEquivalentInMinutes": INTEGER,
            "kind": one_of("Contract", "Addendum"),
            "parentContract": reference,
        },
    }
)  # fmt: skip


def strange(collection: str, record: Mapping[str, Any]) -> list[str]:
    """Properties that are unknown or of another kind."""
    shape = SHAPES[collection]
    return [name for name, value in record.items() if name not in shape or not shape[name](value)]

"""Definitions and their groups, terminals and activities."""

from __future__ import annotations

import random
import uuid
from typing import Any

from simulator.collections.row import Record
from simulator.store import Store

STRUCTURE_VERSION = 1
SHIFTS = (("E", "Early", "Vroeg"), ("L", "Late", "Laat"), ("N", "Night", "Nacht"), ("D", "Day", "Dag"))
GROUPS = (("Holidays", "Verlof"), ("Illness", "Ziekte"), ("Duty", "Dienst"))
#: group, code, name, Dutch name, allowed durations
ABSENCES = (
    (1, "H", "Holiday", "Verlof", ("FullDay", "HalfDay", "Interval")),
    (2, "I", "Illness", "Ziekte", ("FullDay", "HalfDay")),
    (3, "B", "Business", "Dienstreis", ("FullDay", "HalfDay", "Interval")),
    (1, "O", "Overtime recovery", "Recup", ("Interval", "Duration")),
    (3, "T", "Training", "Opleiding", ("FullDay", "Interval")),
)
#: group, code, name, Dutch name, unit
COUNTERS = (
    (1, "OT", "Overtime", "Overuren", "Duration"),
    (2, "NS", "Night shift", "Nachtploeg", "Interval"),
    (3, "SU", "Sunday", "Zondag", "Instance"),
)
#: name, Dutch name, minutes paid, shortest, longest, taken when nobody clocks it, in one piece
BREAKS = (("Lunch", "Middag", 0, 30, 60, 30, True), ("Coffee", "Koffie", 15, 5, 15, 15, False))
ACTIVITIES = (("Checkout", "Stock", "Bakery", "Reception", "Office"), ("Store North", "Store South"))


def texts(default: str, dutch: str) -> dict[str, Any]:
    return {"default": default, "translations": {"nl": dutch}}


def fill(store: Store, rng: random.Random) -> None:
    for code, name, dutch in SHIFTS:
        store.put("shift-definitions", {**_named(code, name, dutch), "isEnabled": True})
    for name, dutch in GROUPS:
        store.put("absence-groups", {"name": texts(name, dutch)})
        store.put("counter-groups", {"name": texts(name, dutch)})
    for absence in ABSENCES:
        store.put("absence-definitions", _absence(*absence))
    for group, code, name, dutch, unit in COUNTERS:
        shown = {**_named(code, name, dutch), "friendlyCode": code, "isEnabled": True}
        store.put("counter-definitions", {**shown, "counterGroup": {"id": group}, "unit": unit})
    for rest in BREAKS:
        store.put("break-definitions", _break(*rest))
    for number in range(1, 6):
        store.put("terminals", {"externalCode": f"T{number:02}"})
        store.custom.setdefault(("terminals", "SapTerminalCode"), {})[number] = f"SAPTO{number}"
    _activities(store, rng)


def _named(code: str, name: str, dutch: str) -> Record:
    return {"name": texts(name, dutch), "code": code, "friendlyName": texts(name, dutch)}


def _absence(group: int, code: str, name: str, dutch: str, durations: tuple[str, ...]) -> Record:
    return {
        **_named(code, name, dutch),
        "friendlyCode": code,
        "allowedDurations": list(durations),
        "isEnabled": True,
        "isReasonForClocking": group == 3,
        "absenceGroup": {"id": group},
    }


def _break(name: str, dutch: str, paid: int, least: int, most: int, assumed: int, whole: bool) -> Record:
    return {
        "name": texts(name, dutch),
        "friendlyName": texts(name, dutch),
        "paidDurationInMinutes": paid,
        "minimumDurationInMinutes": least,
        "maximumDurationInMinutes": most,
        "ifNotClockedDurationInMinutes": assumed,
        "hasToBeTakenUninterrupted": whole,
    }


def _activities(store: Store, rng: random.Random) -> None:
    """Data entry codes: 00010… on level 1, 10010… on level 2."""
    for level, names in enumerate(ACTIVITIES, 1):
        for number, name in enumerate(names):
            code = f"{(level - 1) * 10_000 + 10 + number:05}"
            activity = {
                "structureVersion": STRUCTURE_VERSION,
                "level": level,
                "canConfigureRestrictions": True,
                "name": name,
                "shortCode": name[:3].upper(),
                "dataEntryCode": code,
                "externalReference": f"ACT-{code}",
                "activeFrom": "2020-01-01",
            }
            store.put("activity-definitions", activity, new_guid(rng))


def new_guid(rng: random.Random) -> str:
    return str(uuid.UUID(bytes=rng.randbytes(16), version=4))

"""One believable record for each collection that people and days make: person, date and chance in, properties out."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

from simulator.collections.row import Record
from simulator.recalculation import overtime, presences, totals
from simulator.seeds import people

Maker = Callable[[int, str, random.Random], Record]
TENANT_NUMBER = 42  # the first part of a request's id
EARLY, SHORT_DAY, FULL_DAY = 480, 420, 456


def whose(person: int, day: str) -> Record:
    return {"person": {"id": person}, "date": day}


def assignment(person: int, day: str, rng: random.Random) -> Record:
    start = rng.choice((420, 480, 540, 780))
    return {
        "person": {"id": person},
        "from": day,
        "until": day,
        "startTimeInMinutes": start,
        "endTimeInMinutes": start + 510,
        "breakDurationInMinutes": 30,
        "comments": "new",
        "activityLevels": [],
    }


def clocking(person: int, day: str, rng: random.Random) -> Record:
    minute = EARLY + rng.randint(-8, 6)
    return {
        **whose(person, day),
        "timeOfDayInMinutes": minute,
        "calculatedTimeOfDayInMinutes": minute,
        "kind": "InOut",
        "terminal": {"id": 1 + person % 5},
    }


def absence(person: int, day: str, rng: random.Random) -> Record:
    """Requested and mostly approved; illness is entered by the planner."""
    definition = {"id": rng.choice((1, 1, 1, 2, 4))}
    asked = definition["id"] != 2
    approval = (
        rng.choice(("AwaitingApproval", "Approved", "Approved", "NotApproved")) if asked else "Approved"
    )
    granted = {"resultingAbsenceDefinition": definition} if approval == "Approved" else {}
    request = {"request": {"id": f"{TENANT_NUMBER}-{person}-{rng.randint(1, 9999)}"}} if asked else {}
    return {
        **whose(person, day),
        "requestedAbsenceDefinition": definition,
        **granted,
        "startTimeInMinutes": EARLY,
        "durationInMinutes": FULL_DAY,
        "calculatedDurationInMinutes": FULL_DAY,
        **request,
        "status": "Calendar" if asked else "Manual",
        "approvalLevel": approval,
        "isLocked": False,
        "periodType": "Day",
    }


def access(person: int, day: str, rng: random.Random) -> Record:
    """0…1439: always on the real date."""
    status = "AccessOk" if rng.random() < 0.95 else rng.choice(("AccessRefused", "WrongPinCode"))
    terminal = {"terminal": {"id": 1 + person % 5}}
    return {**whose(person, day), "timeOfDayInMinutes": rng.randint(400, 1200), **terminal, "status": status}


def rest(person: int, day: str, rng: random.Random) -> Record:
    taken = rng.choice((30, 30, 34, 41, 0))
    return {
        **whose(person, day),
        "breakDefinition": {"id": 1},
        "calculatedDurationInMinutes": max(30, taken),
        "clockedDurationInMinutes": taken,
        "startTimeInMinutes": 690,
        "endTimeInMinutes": 840,
        "isBreakTaken": taken > 0,
    }


def interruption(person: int, day: str, rng: random.Random) -> Record:
    start, length = rng.randint(540, 900), rng.choice((10, 15, 45))
    times = {"startTimeInMinutes": start, "endTimeInMinutes": start + length}
    return {**whose(person, day), "durationInMinutes": length, **times}


def activity_duration(person: int, day: str, _rng: random.Random) -> Record:
    return {
        **whose(person, day),
        "durationInMinutes": FULL_DAY,
        "activityLevels": [],
        "counterDefinitions": [{"id": 1}],
        "status": "Auto",
        "isAuthorized": True,
    }


def new_person(person: int, _day: str, rng: random.Random) -> Record:
    return people.person(person, rng)


def contract(person: int, day: str, rng: random.Random) -> Record:
    return {**people.contract(person, rng), "from": day}


def total(person: int, day: str, rng: random.Random) -> Record:
    return {**whose(person, day), **totals(SHORT_DAY + rng.randint(0, 90))}


def presence(person: int, day: str, rng: random.Random) -> Record:
    return {**whose(person, day), **presences(SHORT_DAY + rng.randint(0, 90))}


def counter(person: int, day: str, rng: random.Random) -> Record:
    return {**whose(person, day), **overtime(SHORT_DAY + rng.randint(0, 90))}


MAKERS: Mapping[str, Maker] = {
    "absences": absence,
    "access-clockings": access,
    "activity-durations": activity_duration,
    "assignments": assignment,
    "breaks": rest,
    "calculated-totals": total,
    "clockings": clocking,
    "contracts": contract,
    "counters": counter,
    "paid-presences": presence,
    "people": new_person,
    "work-interruptions": interruption,
}

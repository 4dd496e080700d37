"""What the n-th generated change does to a record of each collection: the record and n in, the new values out (None: none).

Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.collections.row import Record
from simulator.seeds.people import working_time

Mark = Callable[[Record, int], Record]
DAY_MINUTES = 1440
#: What becomes of a request: every fourth is refused; what was decided is asked for anew.
REFUSED_EVERY = 4


def _comment(_record: Record, number: int) -> Record:
    return {"comments": f"change {number}"}


def _duration(_record: Record, number: int) -> Record:
    return {"durationInMinutes": number}


def _minute(_record: Record, number: int) -> Record:
    return {"timeOfDayInMinutes": number % DAY_MINUTES}


def _total(_record: Record, number: int) -> Record:
    names = ("timePresent", "calculatedPresence", "weeklyHours1", "payPeriodHours")
    return {f"{name}DurationInMinutes": number for name in names}


def _break(_record: Record, number: int) -> Record:
    taken = {"clockedDurationInMinutes": number, "isBreakTaken": number > 0}
    return {**taken, "calculatedDurationInMinutes": max(30, number)}


def _absence(record: Record, number: int) -> Record:
    """Requested, then approved or refused, then requested again."""
    if record.get("approvalLevel") != "AwaitingApproval":
        return {"approvalLevel": "AwaitingApproval", "resultingAbsenceDefinition": None}
    if number % REFUSED_EVERY == 0:
        return {"approvalLevel": "NotApproved"}
    requested = record.get("requestedAbsenceDefinition", {"id": 1})
    return {"approvalLevel": "Approved", "resultingAbsenceDefinition": requested}


def _person(_record: Record, number: int) -> Record:
    """A new telephone number."""
    return {"mobile": f"+32 471 {number:06}"}


def _contract(_record: Record, number: int) -> Record:
    """Another share of full time, 50 to 100 percent."""
    return working_time(50 + number % 51)


MARKS: Mapping[str, Mark] = {
    "absences": _absence,
    "access-clockings": _minute,
    "activity-durations": _duration,
    "assignments": _comment,
    "breaks": _break,
    "calculated-totals": _total,
    "clockings": _minute,
    "contracts": _contract,
    "counters": _duration,
    "paid-presences": _duration,
    "people": _person,
    "work-interruptions": _duration,
}

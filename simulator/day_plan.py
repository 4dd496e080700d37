"""A believable day of planning and clocking as a list of steps. Pure: the same arguments give the same steps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

OPENS, CLOSES = 5 * 60, 23 * 60  # the part of the day that is played, in minutes
STARTS = (7 * 60, 8 * 60, 9 * 60, 12 * 60, 13 * 60, 14 * 60)
ACTIVITY_CODES = ("00010", "00011", "00012", "00013")
COMMENTS = ("Bring the keys", "Opens the store", "Training at 10:00", "Swap agreed", "Delivery expected")
CHANGES = ("move", "lengthen", "reassign", "comment", "cancel")
WEIGHTS = (5, 3, 2, 3, 1)


@dataclass
class Step:
    """One call. `minute` is the time of day it happens; `shift` names the assignment it is about."""

    minute: float
    action: str
    method: str
    collection: str
    shift: str = ""
    body: dict[str, Any] | None = None
    text: str = ""


@dataclass
class Shift:
    """An assignment as the planner sees it; every change writes all of it."""

    name: str
    person: int
    day: date
    start: int
    end: int
    activity: str
    comments: str = ""

    def body(self) -> dict[str, Any]:
        definition = {"externalReferences": {"@data-entry-code": self.activity}}
        body: dict[str, Any] = {
            "person": {"id": self.person},
            "from": self.day.isoformat(),
            "until": self.day.isoformat(),
            "startTimeInMinutes": self.start,
            "endTimeInMinutes": self.end,
            "breakDurationInMinutes": 30,
            "activityLevels": [{"level": 1, "activityDefinition": definition}],
        }
        return {**body, "comments": self.comments} if self.comments else body


def plan(day: date, people: int, seed: int) -> list[Step]:
    """Return the steps of the day in the order in which they happen."""
    rng = random.Random(seed)
    steps: list[Step] = []
    for person in range(1, people + 1):
        today = _shift(f"{person}/today", person, day, rng)
        created = OPENS + rng.uniform(0, 60)
        steps.append(_create(today, created))
        steps.extend(_changes(today, created, today.start - 45, people, rng))
        if all(step.action != "cancel" for step in steps if step.shift == today.name):
            steps.extend(_clockings(today, rng))
        later = _shift(f"{person}/later", person, day + timedelta(days=rng.randint(1, 14)), rng)
        created = rng.uniform(8 * 60, 11 * 60)
        steps.append(_create(later, created))
        steps.extend(_changes(later, created, 18 * 60, people, rng))
    return sorted(steps, key=lambda step: step.minute)


def clock(minute: float) -> str:
    return f"{int(minute) // 60:02}:{int(minute) % 60:02}"


def _shift(name: str, person: int, day: date, rng: random.Random) -> Shift:
    start = rng.choice(STARTS)
    return Shift(name, person, day, start, start + rng.choice((300, 480, 540)), rng.choice(ACTIVITY_CODES))


def _create(shift: Shift, minute: float) -> Step:
    text = f"person {shift.person} is planned on {shift.day} {clock(shift.start)}-{clock(shift.end)}"
    return Step(minute, "plan", "POST", "assignments", shift.name, shift.body(), text)


def _changes(shift: Shift, after: float, before: float, people: int, rng: random.Random) -> Iterator[Step]:
    """None to three changes between two moments, in order; nothing follows a cancellation."""
    moments = sorted(
        rng.uniform(after + 1, max(after + 2, before)) for _ in range(rng.choice((0, 1, 1, 2, 3)))
    )
    for minute in moments:
        action = _action(people, rng)
        text = _change(shift, action, people, rng)
        method = "DELETE" if action == "cancel" else "PUT"
        yield Step(
            minute,
            action,
            method,
            "assignments",
            shift.name,
            None if action == "cancel" else shift.body(),
            text,
        )
        if action == "cancel":
            return


def _action(people: int, rng: random.Random) -> str:
    """What happens to a shift; nobody can take it over where there is one person only."""
    action = rng.choices(CHANGES, WEIGHTS)[0]
    return "move" if action == "reassign" and people == 1 else action


def _change(shift: Shift, action: str, people: int, rng: random.Random) -> str:
    """Change the shift, and say so."""
    whose = f"the shift of person {shift.person} on {shift.day}"
    if action == "move":
        by = rng.choice((30, 60, 90))
        shift.start, shift.end = shift.start + by, shift.end + by
        return f"{whose} moves to {clock(shift.start)}"
    if action == "lengthen":
        shift.end += rng.choice((30, 60))
        return f"{whose} lasts until {clock(shift.end)}"
    if action == "reassign":
        other = rng.randint(1, people - 1)
        shift.person = other + (other >= shift.person)
        return f"{whose} goes to person {shift.person}"
    if action == "comment":
        shift.comments = rng.choice(COMMENTS)
        return f'{whose}: "{shift.comments}"'
    return f"{whose} is cancelled"


def _clockings(shift: Shift, rng: random.Random) -> Iterator[Step]:
    """In and out near the planned times, and a lunch for most."""
    times = [shift.start + rng.randint(-8, 6), min(CLOSES, shift.end + rng.randint(-5, 15))]
    if rng.random() < 0.7:
        lunch = (times[0] + times[1]) // 2 + rng.randint(-15, 15)
        times[1:1] = [lunch, lunch + rng.randint(25, 40)]
    for number, minute in enumerate(times):
        way = "out" if number % 2 else "in"
        body = {
            "person": {"id": shift.person},
            "date": shift.day.isoformat(),
            "timeOfDayInMinutes": minute,
            "terminal": {"externalReferences": {"@external-code": f"T{1 + shift.person % 5:02}"}},
            "kind": "InOut",
        }
        text = f"person {shift.person} clocks {way}"
        yield Step(minute, f"clock {way}", "POST", "clockings", body=body, text=text)

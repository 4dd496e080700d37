"""The days before today: absences and access always, planning and what follows from it by `Settings.seeded_planning`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from simulator.collections.row import Record
from simulator.collections.table import TABLE
from simulator.recalculation import overtime, presence, presences, totals
from simulator.seeds import records
from simulator.settings import Settings
from simulator.store import Store

MOST_PEOPLE = 50  # that have days: a start takes milliseconds whatever the size of the tenant
SATURDAY = 5
ABSENT, INTERRUPTED = 0.06, 0.1  # chance on a working day


def fill(store: Store, settings: Settings, today: date, rng: random.Random) -> None:
    activities: list[Any] = [record["id"] for record in store.shelves["activity-definitions"].live()]
    people = range(1, min(settings.people, MOST_PEOPLE) + 1)
    for day in _days(settings, today):
        for person in people if day.weekday() < SATURDAY else ():
            for collection, fields in _day(person, day.isoformat(), activities, settings, rng):
                store.put(collection, {**TABLE[collection].defaults, **fields})


def _days(settings: Settings, today: date) -> Iterator[date]:
    """Oldest first; the last one is today."""
    return (today - timedelta(days=back) for back in reversed(range(settings.seeded_days)))


def _day(
    person: int, day: str, activities: list[Any], settings: Settings, rng: random.Random
) -> Iterator[tuple[str, Record]]:
    if rng.random() < ABSENT:
        yield "absences", records.absence(person, day, rng)
        return
    level = [{"level": 1, "activityDefinition": {"id": activities[person % 5]}}]
    yield "access-clockings", records.access(person, day, rng)
    yield "breaks", records.rest(person, day, rng)
    yield "activity-durations", {**records.activity_duration(person, day, rng), "activityLevels": level}
    if rng.random() < INTERRUPTED:
        yield "work-interruptions", records.interruption(person, day, rng)
    if settings.seeded_planning:
        yield from _planned(person, day, level, rng)


def _planned(person: int, day: str, level: list[Any], rng: random.Random) -> Iterator[tuple[str, Record]]:
    shift = {**records.assignment(person, day, rng), "activityLevels": level}
    del shift["comments"]
    yield "assignments", shift
    begin, end = shift["startTimeInMinutes"], shift["endTimeInMinutes"]
    clockings = [
        {
            **records.clocking(person, day, rng),
            "timeOfDayInMinutes": minute,
            "calculatedTimeOfDayInMinutes": minute,
        }
        for minute in (begin + rng.randint(-8, 6), end + rng.randint(-5, 15))
    ]
    yield from (("clockings", clocking) for clocking in clockings)
    present, whose = presence(clockings), records.whose(person, day)
    yield "calculated-totals", {**whose, **totals(present)}
    yield "paid-presences", {**whose, **presences(present)}
    yield "counters", {**whose, **overtime(present)}

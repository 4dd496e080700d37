"""What Protime calculates by itself: one clocking changes the totals, presences and counters of its day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from simulator.collections.row import Record
from simulator.settings import Settings
from simulator.store import Id, Store

DAY_MINUTES = 1440
EVENING = 20 * 60
DAY_SHIFT = 4  # the shift definition `D`
NORMAL_DAY = 456  # 7 h 36 min: a Belgian full-time day


def stored_clocking(fields: Record, settings: Settings) -> Record:
    """A new clocking as the tenant keeps it; an evening one may belong to the next day's work (11.1)."""
    stored = {**fields, "calculatedTimeOfDayInMinutes": fields["timeOfDayInMinutes"]}
    if settings.overnight and fields["timeOfDayInMinutes"] >= EVENING:
        moved = fields["timeOfDayInMinutes"] - DAY_MINUTES
        following = date.fromisoformat(fields["date"]) + timedelta(days=1)
        stored.update(
            date=following.isoformat(), timeOfDayInMinutes=moved, calculatedTimeOfDayInMinutes=moved
        )
    return stored


def corrected_clocking(before: Record, after: Record) -> Record:
    """A clocking whose time somebody corrected keeps the time that was clocked (9.2)."""
    clocked = before.get("timeOfDayInMinutes")
    if after.get("timeOfDayInMinutes") == clocked:
        return after
    return {"originalTimeOfDayInMinutes": clocked, **after}


def recalculate(store: Store, clocking: Record) -> None:
    """Put the day of one person right after a clocking came, changed or went."""
    person, day = clocking["person"]["id"], clocking["date"]
    present = presence([c for c in _of_day(store, "clockings", person, day) if c.get("status") == "Active"])
    whose = {"person": {"id": person}, "date": day}
    _upsert(store, "calculated-totals", {**whose, **totals(present)})
    _upsert(store, "paid-presences", {**whose, **presences(present)})
    _upsert(store, "counters", {**whose, **overtime(present)})


def totals(present: int) -> Record:
    return {
        "normalTimeDurationInMinutes": NORMAL_DAY,
        "timePresentDurationInMinutes": present,
        "calculatedPresenceDurationInMinutes": present,
        "weeklyHours1DurationInMinutes": present,
        "weeklyHours2DurationInMinutes": 0,
        "weeklyHours3DurationInMinutes": 0,
        "payPeriodHoursDurationInMinutes": present,
        "flextimeDurationInMinutes": present - NORMAL_DAY,
        "flextimeBalanceInMinutes": present - NORMAL_DAY,
        "shiftDefinition": {"id": DAY_SHIFT},
    }


def presences(present: int) -> Record:
    return {"durationInMinutes": present, "shiftDefinition": {"id": DAY_SHIFT}}


def overtime(present: int) -> Record:
    """The counter of what goes beyond a normal day."""
    calculated = {"status": "Auto", "isAuthorized": True, "periodType": "Day"}
    return {
        **calculated,
        "counterDefinition": {"id": 1},
        "durationInMinutes": max(0, present - NORMAL_DAY),
    }


def presence(clockings: list[Record]) -> int:
    """Minutes between each way in and the way out that follows; somebody still inside counts nothing yet."""
    times = sorted(c["timeOfDayInMinutes"] for c in clockings if c.get("kind") == "InOut")
    return sum(leave - come for come, leave in zip(times[::2], times[1::2], strict=False))


def _of_day(store: Store, collection: str, person: int, day: str) -> list[dict[str, Any]]:
    keys = store.days.get((collection, person, day), ())
    found = [store.get(collection, key) for key in keys]
    records = [entry.record for entry in found if entry is not None and entry.record is not None]
    # A record that moved to another person or day is still remembered at its old place.
    return [r for r in records if (r["person"]["id"], r["date"]) == (person, day)]


def _upsert(store: Store, collection: str, fields: Record) -> None:
    existing = _of_day(store, collection, fields["person"]["id"], fields["date"])
    key: Id | None = existing[0]["id"] if existing else None
    store.put(collection, fields, key)

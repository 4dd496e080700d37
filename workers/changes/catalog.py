"""The 18 collections that have webhooks (protime-api §8.1): what one record is called and where its times stand."""

from __future__ import annotations

import msgspec

from workers.changes.model import NormalizeError


class TimeFields(msgspec.Struct, frozen=True):
    """Names of the properties that hold the working time: a day, minutes from its 00:00, and how it ends.

    `last_day` is the property with the last day (only assignments have one; elsewhere work ends on `day`). The end is
    in `end`, or `duration` minutes after the start, or unknown.
    """

    day: str
    start: str
    end: str | None = None
    duration: str | None = None
    last_day: str | None = None


class Collection(msgspec.Struct, frozen=True):
    """`singular` appears in event types and schema names; `times` is None where a record is not at a time of day."""

    singular: str
    times: TimeFields | None = None


_INSTANT = TimeFields(day="date", start="timeOfDayInMinutes")
_INTERVAL = TimeFields(day="date", start="startTimeInMinutes", end="endTimeInMinutes")

# `breaks` have start and end minutes too, but these are the definition's earliest start and latest end, not a break
# that somebody takes (protime-api §9.6): they stay in the resource.
COLLECTIONS: dict[str, Collection] = {
    "absences": Collection(
        "absence", TimeFields(day="date", start="startTimeInMinutes", duration="durationInMinutes")
    ),
    "absence-definitions": Collection("absence-definition"),
    "absence-groups": Collection("absence-group"),
    "access-clockings": Collection("access-clocking", _INSTANT),
    "activity-durations": Collection("activity-duration"),
    "assignments": Collection(
        "assignment",
        TimeFields(day="from", start="startTimeInMinutes", end="endTimeInMinutes", last_day="until"),
    ),
    "break-definitions": Collection("break-definition"),
    "breaks": Collection("break"),
    "calculated-totals": Collection("calculated-total"),
    "clockings": Collection("clocking", _INSTANT),
    "contracts": Collection("contract"),
    "counters": Collection("counter", _INTERVAL),
    "counter-definitions": Collection("counter-definition"),
    "counter-groups": Collection("counter-group"),
    "paid-presences": Collection("paid-presence"),
    "people": Collection("person"),
    "shift-definitions": Collection("shift-definition"),
    "work-interruptions": Collection("work-interruption", _INTERVAL),
}

#: The types of all events that there can be, and so of all that a log can hold.
EVENT_TYPES = tuple(
    f"eu.myprotime.{known.singular}.{change}.v1"
    for known in COLLECTIONS.values()
    for change in ("created", "updated", "deleted")
)


def known_collection(name: str) -> Collection:
    """Look a collection up. Raises NormalizeError for one that has no events."""
    try:
        return COLLECTIONS[name]
    except KeyError:
        raise NormalizeError(f"collection: {name!r} is not one of {', '.join(COLLECTIONS)}") from None

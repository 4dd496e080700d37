"""What a change means in the planner's words, so that a sink can filter on it.

Assignments and clockings have words of their own. Every other collection says only `created`, `updated` or `deleted`:
with a word for each change, one filter on `meaning` can take a few kinds of assignment changes and all absences. An
update that changes nothing that has a word means nothing: the list is empty.

Several words may stand together, always in the order of the tables below. A shift that goes to another day is both
`rescheduled` and `moved_to_other_day`: the first says that the work is at another time, the second that the record has
another date. A night clocking that Protime re-dates without moving it in time is `moved_to_other_day` alone.
"""

from __future__ import annotations

from workers.changes import rules
from workers.changes.record import Record
from workers.changes.rules import Rule, Update

CHANGES = ("created", "updated", "deleted")

_ASSIGNMENT_UPDATES: tuple[tuple[str, Rule], ...] = (
    ("rescheduled", rules.rescheduled),
    ("moved_to_other_day", rules.moved_to_other_day),
    ("lengthened", rules.lengthened),
    ("shortened", rules.shortened),
    ("reassigned", rules.reassigned),
    ("break_changed", rules.differs("breakDurationInMinutes")),
    ("activity_changed", rules.activity_changed),
    ("comment_changed", rules.differs("comments")),
    ("rejected", rules.rejected),
    ("reinstated", rules.reinstated),
)
_CLOCKING_UPDATES: tuple[tuple[str, Rule], ...] = (
    ("corrected", rules.start_moved),
    ("moved_to_other_day", rules.moved_to_other_day),
    ("reassigned", rules.reassigned),
    ("kind_changed", rules.differs("kind")),
    ("reason_changed", rules.differs("reason", "reason.id")),
    ("activity_changed", rules.activity_changed),
    ("recalculated", rules.differs("calculatedTimeOfDayInMinutes")),
)
_UPDATES = {"assignments": _ASSIGNMENT_UPDATES, "clockings": _CLOCKING_UPDATES}

_CLOCKED = {
    "InOut": "clocked_in_out",
    "Reason": "reason_clocked",
    "Activity": "activity_started",
    "ActivityEnd": "activity_ended",
}
_OTHER_KIND = "clocked"  # Protime adds values to its enums within a version

_DELETED = {"assignments": "cancelled", "clockings": "removed"}

_WORDS: dict[str, tuple[str, ...]] = {
    "assignments": ("planned", *(word for word, _ in _ASSIGNMENT_UPDATES), "cancelled"),
    "clockings": (*_CLOCKED.values(), _OTHER_KIND, *(word for word, _ in _CLOCKING_UPDATES), "removed"),
}


def meanings(collection: str) -> tuple[str, ...]:
    """All words that events of a collection can have, in their fixed order."""
    return _WORDS.get(collection, CHANGES)


def created(collection: str, record: Record) -> list[str]:
    if collection == "assignments":
        return ["planned", "rejected"] if record.is_rejected else ["planned"]
    if collection == "clockings":
        kind = record.body.get("kind")
        return [_CLOCKED.get(kind, _OTHER_KIND) if isinstance(kind, str) else _OTHER_KIND]
    return ["created"]


def updated(collection: str, update: Update) -> list[str]:
    table = _UPDATES.get(collection)
    if not update.paths:
        return []
    return ["updated"] if table is None else [word for word, holds in table if holds(update)]


def deleted(collection: str) -> list[str]:
    return [_DELETED.get(collection, "deleted")]

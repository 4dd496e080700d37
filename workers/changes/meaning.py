"""What a change means in the planner's words, so that a sink can filter on it.

A collection without words of its own says `created`, `updated` or `deleted`, and so do the others where no word of theirs
fits. An update that changes nothing means nothing: the list is empty.

Several words may stand together. An assignment that goes to another day is both `rescheduled` and `moved_to_other_day`:
the first says that the work is at another time, the second that the record has another date. A night clocking that
Protime re-dates without moving it in time is `moved_to_other_day` alone.
"""

from __future__ import annotations

from workers.changes.record import Record
from workers.changes.rules import Update
from workers.changes.vocabularies import VOCABULARIES
from workers.changes.vocabulary import GENERIC, Vocabulary

CHANGES = ("created", "updated", "deleted")


def meanings(collection: str) -> tuple[str, ...]:
    """All words that events of a collection can have, in their fixed order."""
    return _of(collection).words


def created(collection: str, record: Record) -> list[str]:
    return _of(collection).on_arrival(record)


def updated(collection: str, update: Update) -> list[str]:
    return _of(collection).on_update(update)


def deleted(collection: str, last: Record | None) -> list[str]:
    return _of(collection).on_departure(last)


def _of(collection: str) -> Vocabulary:
    return VOCABULARIES.get(collection, GENERIC)

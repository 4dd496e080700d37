"""The words of one collection, and when each is said."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from workers.changes.record import Record
from workers.changes.rules import Fact, Rule, Update


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """Several words may be said together, in the order of their table.

    `arrives` is asked about a new record, `updates` about a record before and after, and `leaves` about the last known
    state of a record that is gone. Where no word fits, the generic one is said; "" for none.
    """

    arrives: Mapping[str, Fact] = {}
    arrived: str = "created"
    updates: Mapping[str, Rule] = {}
    updated: str = "updated"
    leaves: Mapping[str, Fact] = {}
    departed: str = "deleted"

    @property
    def words(self) -> tuple[str, ...]:
        """All words, in their fixed order."""
        arrives = (word for word in self.arrives if word not in self.updates)
        every = (*arrives, self.arrived, *self.updates, self.updated, *self.leaves, self.departed)
        return tuple(dict.fromkeys(word for word in every if word))

    def on_arrival(self, record: Record) -> list[str]:
        return [word for word, holds in self.arrives.items() if holds(record)] or [self.arrived]

    def on_update(self, update: Update) -> list[str]:
        said = [word for word, holds in self.updates.items() if holds(update)]
        return [self.updated] if not said and self.updated and update.paths else said

    def on_departure(self, last: Record | None) -> list[str]:
        known = last or Record({})
        return [word for word, holds in self.leaves.items() if holds(known)] or [self.departed]


GENERIC = Vocabulary()

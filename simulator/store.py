"""The records of the tenant, in memory: current state, tombstones and the order of changes."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from simulator.collections.row import Collection, Record

Id = int | str
# The first version in the documentation's own example; 20 upper-case hex digits.
VERSION_BASE = 0x0001_E7C5_0000_98FA_0000
_encode = msgspec.json.Encoder().encode


def version_of(sequence: int) -> str:
    """The changeVersion of the n-th change of the tenant."""
    return f"{VERSION_BASE + sequence:020X}"


@dataclass(frozen=True, slots=True)
class Entry:
    """One state of one record. `raw` is its JSON; of a tombstone just changeVersion and id."""

    id: Id
    sequence: int
    record: Record | None
    raw: bytes
    # (sequence, date from then on; None: deleted), oldest first; grows only when the date changes.
    dates: tuple[tuple[int, str | None], ...]

    @property
    def version(self) -> str:
        return version_of(self.sequence)


@dataclass(frozen=True, slots=True)
class Change:
    row: Collection
    entry: Entry

    @property
    def kind(self) -> str:
        return "Delete" if self.entry.record is None else "InsertOrUpdate"


@dataclass
class Shelf:
    """The records of one collection."""

    row: Collection
    next_id: int
    ids: list[Any] = field(default_factory=list)  # ascending, tombstones included
    entries: dict[Id, Entry] = field(default_factory=dict)  # in the order of their last change

    def live(self) -> Iterator[Record]:
        """The records that exist, in order of id."""
        found = (self.entries[key].record for key in self.ids)
        return (record for record in found if record is not None)

    def after(self, last: Id | None) -> Iterable[Entry]:
        start = 0 if last is None else bisect_right(self.ids, last)
        for at in range(start, len(self.ids)):
            entry = self.entries[self.ids[at]]
            if entry.record is not None:
                yield entry

    def changed_since(self, sequence: int) -> list[Entry]:
        """The last state of each record changed after `sequence`, oldest change first (CHOICE-21)."""
        found: list[Entry] = []
        for entry in reversed(self.entries.values()):
            if entry.sequence <= sequence:
                break
            found.append(entry)
        found.reverse()
        return found


class Store:
    """All shelves and the tenant's one change counter. `on_change` hears of every change after it happened."""

    def __init__(self, rows: Iterable[Collection], on_change: Callable[[Change], None]) -> None:
        self.shelves = {row.name: Shelf(row, row.first_id) for row in rows}
        self.sequence = 0
        self.custom: dict[
            tuple[str, str], dict[Id, str]
        ] = {}  # custom external references by (collection, name)
        self.days: dict[
            tuple[str, Id, str], dict[Id, None]
        ] = {}  # (collection, person, date) -> ids ever there
        self._on_change = on_change

    def get(self, collection: str, key: Id) -> Entry | None:
        """Return the current state, or None when it does not exist or is deleted."""
        entry = self.shelves[collection].entries.get(key)
        return entry if entry is not None and entry.record is not None else None

    def put(self, collection: str, fields: Record, key: Id | None = None) -> Entry:
        """Create a record (no key: the next number), or replace the one with that key."""
        shelf = self.shelves[collection]
        if key is None:
            key = shelf.next_id
        if isinstance(key, int):
            shelf.next_id = max(shelf.next_id, key + 1)
        self.sequence += 1
        record = {"changeVersion": version_of(self.sequence), "id": key, **fields}
        return self._keep(shelf, key, record, _encode(record))

    def delete(self, collection: str, key: Id) -> Entry:
        self.sequence += 1
        raw = _encode({"changeVersion": version_of(self.sequence), "id": key})
        return self._keep(self.shelves[collection], key, None, raw)

    def _keep(self, shelf: Shelf, key: Id, record: Record | None, raw: bytes) -> Entry:
        old = shelf.entries.pop(key, None)
        if old is None:
            insort(shelf.ids, key)
        dates = old.dates if old else ()
        day = record[shelf.row.date] if record and shelf.row.date else "" if record else None
        if not dates or dates[-1][1] != day:
            dates = (*dates, (self.sequence, day))
        entry = shelf.entries[key] = Entry(key, self.sequence, record, raw, dates)
        if record and shelf.row.date == "date":
            place = (shelf.row.name, record["person"]["id"], record["date"])
            self.days.setdefault(place, {})[key] = None
        self._on_change(Change(shelf.row, entry))
        return entry

"""Deltas: which are alive, and what changed for one of them since a cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from simulator.conditions import Window
from simulator.errors import ApiError
from simulator.references import Wanted
from simulator.settings import Settings
from simulator.store import Entry, Shelf
from simulator.tokens import DeltaToken, pack, unpack

DELETED_FORM = b'{"changeType":"Delete","data":'
CHANGED_FORM = b'{"changeType":"InsertOrUpdate","data":'


@dataclass
class Delta:
    """One active delta. It dies when it is not used for `Settings.delta_life_seconds`; `used_at` is in the tenant's seconds."""

    id: int
    collection: str
    owner: str
    window: Window
    wanted: Wanted
    used_at: float

    def token(self, cursor: int, now: float) -> str:
        stamp = datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds")
        return pack(DeltaToken(self.id, cursor, stamp.replace("+00:00", "Z")))


class Deltas:
    """The registry: one active delta for each collection (and client, by `Settings.delta_per`)."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.active: dict[int, Delta] = {}
        self.last_id = 676

    def start(self, collection: str, client: str, window: Window, wanted: Wanted, now: float) -> Delta:
        """Begin a delta; an active one is superseded, or protects itself with 409 (CHOICE-20)."""
        owner = client if self.settings.delta_per == "client" else ""
        for other in [d for d in self.active.values() if (d.collection, d.owner) == (collection, owner)]:
            if self.settings.second_delta == "conflict" and not self._expired(other, now):
                raise ApiError(409, f"A delta of {collection} is active")
            del self.active[other.id]
        self.last_id += 1
        delta = self.active[self.last_id] = Delta(self.last_id, collection, owner, window, wanted, now)
        return delta

    def use(self, text: str, collection: str, now: float) -> tuple[Delta, int]:
        """Return the delta and the cursor of a token; 400 when malformed (CHOICE-22), 410 when gone."""
        try:
            token = unpack(text, DeltaToken)
        except ValueError:
            raise ApiError(400, "The delta token is invalid") from None
        delta = self.active.get(token.delta_id)
        if delta is None or delta.collection != collection or self._expired(delta, now):
            self.active.pop(token.delta_id, None)
            raise ApiError(410, "The delta has expired")
        delta.used_at = now
        return delta, token.starting_cursor

    def alive(self, now: float) -> list[Delta]:
        return [delta for delta in self.active.values() if not self._expired(delta, now)]

    def dies_at(self, delta: Delta) -> float:
        """The tenant's second, if nobody uses it before."""
        return delta.used_at + self.settings.delta_life_seconds / self.settings.delta_time_factor

    def _expired(self, delta: Delta, now: float) -> bool:
        return now > self.dies_at(delta)


def changes(shelf: Shelf, window: Window, cursor: int) -> Iterator[tuple[Entry, bool]]:
    """Yield (state, still there?) for each record that changed inside the window, or left it (CHOICE-18)."""
    for entry in shelf.changed_since(cursor):
        inside = entry.record is not None and _holds(window, entry.dates[-1][1], shelf)
        if inside or _was_inside(window, entry, cursor, shelf):
            yield entry, inside


def _was_inside(window: Window, entry: Entry, cursor: int, shelf: Shelf) -> bool:
    """Whether the record stood in the window at the cursor or at some time since."""
    known = 0
    for at, (sequence, _) in enumerate(entry.dates):
        if sequence <= cursor:
            known = at
    return any(_holds(window, day, shelf) for _, day in entry.dates[known:])


def _holds(window: Window, day: str | None, shelf: Shelf) -> bool:
    return day is not None and (shelf.row.date is None or window.holds(day))

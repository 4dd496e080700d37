"""Is an event what one of our own writes has caused? By what was sent, and what the event says. Pure.

Somebody else's later edit of the same record is none, and neither is an event in which both have come together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from workers.alike import alike, wall_minutes
from workers.changes.catalog import known_collection
from workers.protime import BODIES

#: What Protime takes but does not promise to show (protime-api §9.2): compared where it is there.
_NOT_SHOWN: Mapping[str, frozenset[str]] = {
    "clockings": frozenset({"terminal", "geolocation", "reason", "isOpen", "activityLevels"})
}
#: An event that was learned of so long before the write was registered cannot be its echo: more than a request takes, and
#: than the clocks of two hosts differ.
_EARLIEST_SECONDS = 60.0
#: Besides what can be written, this is changed by people only.
_BY_PEOPLE = frozenset({"isRejected"})


class Sent(msgspec.Struct, frozen=True):
    """What is kept of a write: its kind, when it was answered (Unix seconds), and the properties that were sent."""

    kind: Literal["created", "updated", "deleted"]
    at: float
    body: dict[str, Any] = {}


def is_echo(sent: Sent, event: Mapping[str, Any]) -> bool:
    """The event's resource is taken to be the one that was written."""
    data = event["data"]
    too_early = datetime.fromisoformat(event["time"]).timestamp() < sent.at - _EARLIEST_SECONDS
    if data["change"] != sent.kind or too_early:
        return False
    if sent.kind == "deleted":
        return True
    collection, record = data["collection"], data["resource"] or {}
    if sent.kind == "updated" and _others_changed(collection, sent.body, data["changes"]):
        return False
    return _same_times(collection, sent.body, record) and all(
        _fits(value, record.get(name))
        for name, value in _untimed(collection, sent.body)
        if name in record or name not in _NOT_SHOWN.get(collection, ())
    )


def _others_changed(collection: str, sent: Mapping[str, Any], changes: Iterable[Mapping[str, Any]]) -> bool:
    """A property that we left alone has a new value; that it is gone is what leaving it out asks for (CHOICE-15)."""
    watched = {*BODIES[collection].properties, *_BY_PEOPLE} - sent.keys()
    return any(c["path"].partition(".")[0] in watched and c["after"] is not None for c in changes)


def _pairs(collection: str, sent: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Days and the minutes that count from them, where both were sent."""
    times = known_collection(collection).times
    if times is None:
        return []
    pairs = [(times.day, times.start), (times.last_day or times.day, times.end or "")]
    return [(day, minutes) for day, minutes in pairs if day in sent and minutes in sent]


def _same_times(collection: str, sent: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    return all(
        record.get(day) is not None
        and record.get(minutes) is not None
        and wall_minutes(sent, day, minutes) == wall_minutes(record, day, minutes)
        for day, minutes in _pairs(collection, sent)
    )


def _untimed(collection: str, sent: Mapping[str, Any]) -> list[tuple[str, Any]]:
    timed = {name for pair in _pairs(collection, sent) for name in pair}
    return [(n, v) for n, v in sent.items() if n not in timed and n not in ("id", "changeVersion")]


def _fits(sent: Any, kept: Any) -> bool:
    """Like `alike`, but lists have no more than was sent, and external references may be left out by the event."""
    if isinstance(sent, list):
        same_length = isinstance(kept, list) and len(kept) == len(sent)
        return (same_length and all(any(_fits(item, k) for k in kept) for item in sent)) or not (sent or kept)
    if isinstance(sent, Mapping) and isinstance(kept, Mapping):
        shown = kept.get("externalReferences") or {}
        return all(
            all(alike(value[name], shown[name]) for name in value.keys() & shown.keys())
            if part == "externalReferences"
            else _fits(value, kept.get(part))
            for part, value in sent.items()
        )
    return alike(sent, kept)

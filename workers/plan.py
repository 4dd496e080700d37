"""What becomes of the undecided entries of one resource: pure.

The stored version decides, whatever channel an entry came by: newer passes, older or equal is superseded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from workers.store.gate import NO_VERSION
from workers.store.inbox import Entry, Stored

#: Stands behind the last known version of a record that is gone without a word: newer than that one, older than the next.
ABSENT = "~"


@dataclass(frozen=True)
class Plan:
    """Entries to apply, in order, and entries that change nothing."""

    apply: list[Entry]
    superseded: list[Entry]


def every(entries: Sequence[Entry], stored: Stored | None) -> Plan:
    """Each entry that is newer than all before it gives an event (`fetch: payload`)."""
    plan = Plan([], [])
    for entry in sorted(entries, key=_order):
        (plan.apply if newer(entry, stored) else plan.superseded).append(entry)
        if plan.apply and plan.apply[-1] is entry:
            stored = _after(entry)
    return plan


def newest(entries: Sequence[Entry], stored: Stored | None) -> Plan:
    """Only the newest entry gives an event: the net change (`fetch: delta`, `fetch: resource`).

    Its origin is `webhook`, and its time that of the notification, when a webhook told of this state and the delta
    brought it.
    """
    chosen = max(entries, key=_order)
    rest = [entry for entry in entries if entry is not chosen]
    if not newer(chosen, stored):
        return Plan([], [*rest, chosen])
    told = [e.arrived_ms for e in rest if e.origin == "webhook" and e.version >= chosen.version]
    if told:
        first = min(*told, chosen.arrived_ms)
        chosen = replace(chosen, origin="webhook", told_ms=first, channel=chosen.origin)
    return Plan([chosen], rest)


def fetched(entries: Sequence[Entry], stored: Stored | None, found: Entry) -> Plan:
    """The resource as it was fetched, in the place of the newest entry.

    When the answer is older than a notification (it came from a replica that lags behind), the notification holds. A record
    that is not there has no version: it went after what the notification told, and its Delete may still be on its way.
    """
    chosen = max(entries, key=_order)
    if found.deleted and not found.version and chosen.version:
        found = replace(found, version=f"{chosen.version}{ABSENT}")
    if found.version and chosen.version > found.version:
        return newest(entries, stored)
    state = replace(found, id=chosen.id, origin=chosen.origin, version=found.version or chosen.version)
    return newest([state if entry is chosen else entry for entry in entries], stored)


def all_of(entries: Sequence[Entry]) -> Plan:
    """Entries that have nothing to do with each other."""
    return Plan(list(entries), [])


def nothing(entries: Sequence[Entry]) -> Plan:
    """No entry changes anything."""
    return Plan([], list(entries))


def newer(entry: Entry, stored: Stored | None) -> bool:
    """Whether an entry changes what is stored.

    Versions are compared as strings, ordinally (protime-api: `changeVersion` "supports string comparison"). Where Protime
    gives none, the last that arrived holds, unless nothing differs. A delete of what is deleted changes nothing.
    """
    if stored is None:
        return True
    if entry.deleted and stored.deleted:
        return False
    if not entry.version or stored.version == NO_VERSION:
        return (entry.deleted, entry.data) != (stored.deleted, stored.body)
    return entry.version > stored.version


def found_again(stored: Stored) -> str:
    """The version of a record that was found absent and is there all the same, as it was: its newest event says so."""
    return f"{stored.version}{ABSENT}"


def doubtful(stored: Stored | None) -> bool:
    """Whether a record was found absent, and nobody knows at which version it went.

    A notification that comes late may be newer than the last version we knew, and older than the deletion.
    """
    return stored is not None and stored.deleted and stored.version.endswith(ABSENT)


def _order(entry: Entry) -> tuple[bool, str]:
    # An entry without a version stands after those that have one; among equals, Python's sort and max keep arrival order.
    return (not entry.version, entry.version)


def _after(entry: Entry) -> Stored:
    return Stored(entry.version or NO_VERSION, entry.deleted, 0, entry.data)

"""What becomes of the undecided entries of one resource: pure.

The stored version decides, whatever channel an entry came by: newer passes, older or equal is superseded. An entry without a
version counts as newer than all that came before it (protime-api §7: the last that arrived holds); the version of its state is
then known no better than as "behind the last one that was known".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

import msgspec
from msgspec.structs import replace

from workers.changes.diff import diff
from workers.protime.not_json import NOT_JSON
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
    for entry in _in_order(entries):
        if newer(entry, stored):
            plan.apply.append(entry)
            stored = Stored(version_after(entry, stored), entry.deleted, 0, entry.data)
        else:
            plan.superseded.append(entry)
    return plan


def newest(entries: Sequence[Entry], stored: Stored | None) -> Plan:
    """Only the newest entry gives an event: the net change (`fetch: delta`, `fetch: resource`).

    Its origin is `webhook`, and its time that of the notification, when a webhook told of this state and the delta
    brought it.
    """
    chosen = _newest(entries)
    rest = [entry for entry in entries if entry is not chosen]
    if not newer(chosen, stored):
        return Plan([], [*rest, chosen])
    told = [e.arrived_ms for e in rest if e.origin == "webhook" and _tells(e, chosen)]
    if told:
        first = min(*told, chosen.arrived_ms)
        chosen = replace(chosen, origin="webhook", told_ms=first, channel=chosen.origin)
    return Plan([chosen], rest)


def fetched(entries: Sequence[Entry], stored: Stored | None, found: Entry) -> Plan:
    """The resource as it was fetched, in the place of the newest entry.

    When the answer is older than a notification (it came from a replica that lags behind), the notification holds. A record
    that is not there has no version: it went after what the notification told, and its Delete may still be on its way.
    """
    chosen = _newest(entries)
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
    if not entry.version or _unversioned(stored.version):
        return (entry.deleted, entry.data) != (stored.deleted, stored.body)
    return entry.version > stored.version


def version_after(entry: Entry, stored: Stored | None) -> str:
    """The version of the state that an entry makes.

    One that has none stands behind the last that was known, so that what is older than that stays out.
    """
    if entry.version:
        return entry.version
    known = stored.version if stored else NO_VERSION
    if known.endswith(ABSENT) or (known == NO_VERSION and not entry.deleted):
        return known
    return f"{known}{ABSENT}"


def uncertain(stored: Stored) -> bool:
    """Whether the last that was told of a record had no version: the next that has one may tell of the same state."""
    return _unversioned(stored.version) or stored.version.endswith(ABSENT)


def same(one: bytes, other: bytes) -> bool:
    """Whether two records, as JSON, hold the same but for their versions."""
    try:
        return not diff(msgspec.json.decode(one, type=dict), msgspec.json.decode(other, type=dict))
    except NOT_JSON:
        return one == other


def correction(now: str, stored: Stored) -> str:
    """The version for what Protime shows at `now` ("": without) in the place of a state that was told without one."""
    return now if _unversioned(stored.version) else max(now, found_again(stored))


def found_again(stored: Stored) -> str:
    """The version of a record that was found absent and is there all the same, as it was: its newest event says so."""
    return f"{stored.version}{ABSENT}"


def doubtful(stored: Stored | None) -> bool:
    """Whether a record was found absent, and nobody knows at which version it went.

    A notification that comes late may be newer than the last version we knew, and older than the deletion.
    """
    return stored is not None and stored.deleted and stored.version.endswith(ABSENT)


def doubted(entries: Sequence[Entry], stored: Stored | None) -> bool:
    """Whether these may be older than the deletion that is stored, and nobody but Protime can tell."""
    if stored is None or not stored.deleted:
        return False
    return doubtful(stored) or any(not (entry.version or entry.deleted) for entry in entries)


def _newest(entries: Sequence[Entry]) -> Entry:
    last = _in_order(entries)[-1]
    # Among equals the first one: what is told of it besides was told again.
    return next(e for e in entries if e is last or (last.version and e.version == last.version))


def _in_order(entries: Sequence[Entry]) -> list[Entry]:
    """By version; among equals as they stand. One without a version stands behind all that arrived before it."""
    if all(entry.version for entry in entries):
        return sorted(entries, key=attrgetter("version"))
    before, placed = "", []
    for entry in sorted(entries, key=attrgetter("arrived")):
        before = max(before, entry.version)
        placed.append((entry.version or before, not entry.version, entry))
    return [entry for *_, entry in sorted(placed, key=itemgetter(0, 1))]


def _tells(entry: Entry, chosen: Entry) -> bool:
    """Whether an entry told of the chosen state already, or of a newer one."""
    if entry.version:
        return entry.version >= chosen.version
    return (entry.deleted and chosen.deleted) or same(entry.data, chosen.data)


def _unversioned(version: str) -> bool:
    return version.rstrip(ABSENT) == NO_VERSION

"""From planned entries to the gate's decisions: events rendered, states computed, poison rejected. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from workers import arrivals, clock, plan
from workers.changes import Change, NormalizeError, Rendered, TenantView, normalize, reduced_form, stored_form
from workers.protime.not_json import NOT_JSON
from workers.store.gate import CHAINED, Apply, Came, Decision, Reject, Same, Supersede
from workers.store.inbox import NO_ID, Entry, Stored


@dataclass(frozen=True)
class TenantIngest:
    """What ingest needs of a tenant. `fetch` maps collections to their mode."""

    name: str
    view: TenantView
    fetch: Mapping[str, str]


def decide(tenant: TenantIngest, found: plan.Plan, stored: Stored | None) -> list[Decision]:
    """The gate's operations for one resource: events rendered, states computed, poison rejected."""
    decisions: list[Decision] = []
    expected = str(stored.number) if stored else "0"
    while True:
        rejected = False
        for entry in found.apply:
            decision = _decision(tenant, entry, stored, expected)
            decisions.append(decision)
            if isinstance(decision, Apply):
                stored, expected = Stored(decision.version, decision.deleted, 0, decision.body), CHAINED
            elif isinstance(decision, Same) and stored is not None and decision.version:
                stored = replace(stored, version=decision.version)
            rejected = rejected or isinstance(decision, Reject)
        if not (rejected and found.superseded):
            break
        # What stood back behind one that cannot be understood did so for nothing.
        found = plan.newest(found.superseded, stored)
    decisions += [Supersede(e.resource, e.id, e.version, _came(e)) for e in found.superseded]
    return decisions


def reject(tenant: TenantIngest, entry: Entry, reason: str) -> Reject:
    return Reject(entry.resource, entry.id, reason, _kept(tenant, entry), _came(entry))


def _decision(
    tenant: TenantIngest, entry: Entry, stored: Stored | None, expected: str
) -> Apply | Same | Reject:
    try:
        body, rendered = _render(tenant, entry, stored)
    except (NormalizeError, *NOT_JSON) as error:
        return reject(tenant, entry, f"{type(error).__name__}: {error}")
    # A clocking may leave as `status: Deleted`: a Delete that follows then finds it gone already.
    gone = rendered.change == "deleted"
    if not gone and _told_before(entry, body, stored):
        return Same(entry.resource, entry.id, expected, entry.version, _came(entry))
    version = plan.version_after(entry, stored)
    return Apply(entry.resource, entry.id, expected, version, gone, body, rendered.json, _came(entry))


def _told_before(entry: Entry, body: bytes, stored: Stored | None) -> bool:
    """Whether one of two without a version tells of the state that the other told of."""
    if stored is None or stored.deleted or (entry.version and not plan.uncertain(stored)):
        return False
    return plan.same(body, stored.body)


def _came(entry: Entry) -> Came:
    return Came(entry.channel or entry.origin, entry.deleted, entry.version)


def _render(tenant: TenantIngest, entry: Entry, stored: Stored | None) -> tuple[bytes, Rendered]:
    collection, _, number = entry.resource.partition("/")
    if number == NO_ID:
        raise NormalizeError(arrivals.why_unreadable(entry.data))
    # The state keeps the version between blanks. Lists and deltas are looked at before; what was asked for by its id is not.
    if not (entry.version.isascii() and entry.version.isprintable()) or " " in entry.version:
        raise NormalizeError("changeVersion: expected printable ASCII without blanks")
    resource = None if entry.deleted else _object(entry.data)
    change = Change(
        tenant=tenant.name,
        collection=collection,
        id=int(number),
        version=entry.version or f"at-{entry.id.rpartition(':')[2]}",
        deleted=entry.deleted,
        resource=resource,
        previous=_object(stored.body) if stored and stored.body else None,
        was_deleted=bool(stored and stored.deleted),
        origin=entry.origin,
        learned_at=_learned_at(entry),
    )
    rendered = normalize(change, tenant.view)
    if resource is None:
        return b"", rendered
    return msgspec.json.encode(stored_form(collection, resource, tenant.view)), rendered


def _learned_at(entry: Entry) -> datetime:
    """When it arrived. Its number in a stream never goes back: after the store's clock was set back, now is nearer."""
    at, now = entry.arrived_ms / 1000, clock.now()
    return datetime.fromtimestamp(now if at > now + clock.SKEW_SECONDS else at, UTC)


def _kept(tenant: TenantIngest, entry: Entry) -> bytes:
    """Of a person that is rejected, what may be kept of it: its raw data may not."""
    if not entry.resource.startswith("people/"):
        return b""
    try:
        return reduced_form(msgspec.json.decode(entry.data), tenant.view)
    except NOT_JSON:
        return b""


def _object(data: bytes) -> dict[str, Any]:
    decoded = msgspec.json.decode(data)
    if not isinstance(decoded, dict):
        raise NormalizeError(f"the resource is a JSON {type(decoded).__name__}, expected an object")
    return decoded


def compact(entry: Entry) -> Entry:
    """An entry with its data in the form in which states are stored: without versions, only the data can be compared."""
    try:
        return (
            replace(entry, data=msgspec.json.encode(msgspec.json.decode(entry.data))) if entry.data else entry
        )
    except NOT_JSON:
        return entry  # will be rejected

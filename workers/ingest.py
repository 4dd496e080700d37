"""From the inbox through the gate: drains one partition in batches."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import structlog

from workers import plan
from workers.changes import Change, NormalizeError, Rendered, TenantView, normalize, reduced_form, stored_form
from workers.store.gate import CHAINED, NO_VERSION, Apply, Came, Decision, Gate, Reject, Supersede
from workers.store.inbox import NO_ID, Batch, Entry, Inbox, Stored
from workers.store.keys import Partition
from workers.store.leases import Leases

log = structlog.get_logger()

BATCH = 500
#: A resource that cannot be fetched for so long is delivered as its signed notification told it.
FALLBACK_SECONDS = 30.0


@dataclass(frozen=True)
class TenantIngest:
    """What ingest needs of a tenant. `fetch` maps collections to their mode."""

    name: str
    view: TenantView
    fetch: Mapping[str, str]


#: Fetches one resource for ingest: the resource as an entry (deleted for a 404), or None when it is to be tried later.
Fetch = Callable[[str, str, int], Awaitable["Entry | None"]]


class Ingest:
    """Drains partitions. Several may be drained at a time; one partition by one worker."""

    def __init__(
        self,
        inbox: Inbox,
        gate: Gate,
        leases: Leases,
        tenants: Mapping[str, TenantIngest],
        fetch: Fetch,
        committed: Callable[[Partition], None],
        fallback_seconds: float = FALLBACK_SECONDS,
    ) -> None:
        """`committed` is called when new events are in a partition's log; it must not block."""
        self._inbox = inbox
        self._gate = gate
        self._leases = leases
        self._tenants = tenants
        self._fetch = fetch
        self._committed = committed
        self._fallback_seconds = fallback_seconds

    async def drain(self, partition: Partition) -> None:
        """Decides everything the inbox holds; returns when it is empty or another worker is at it."""
        lease = self._leases.hold(partition.lease)
        try:
            while await self._pass(partition, lease.token) or await self._inbox.leave(partition, lease.token):
                pass
        finally:
            self._leases.forget(lease)

    async def _pass(self, partition: Partition, token: str) -> bool:
        """Reads from the start to the end; True when waiting entries may remain beyond what one read brings."""
        after, again = "-", False
        while (batch := await self._inbox.read(partition, token, after=after, most=BATCH)) and batch.entries:
            again = again or any(":" in entry.id for entry in batch.entries)
            await self._decide(partition, batch)
            if not batch.after:
                break
            after = batch.after
        return again and batch is not None

    async def _decide(self, partition: Partition, batch: Batch) -> None:
        tenant = self._tenants[partition.tenant]
        groups: dict[str, list[Entry]] = {}
        for entry in batch.entries:
            groups.setdefault(entry.resource, []).append(entry if entry.version else compact(entry))
        plans = await self._plans(tenant, groups, batch.states)
        decisions: list[Decision] = []
        for resource, found in plans.items():
            decisions += decide(tenant, found, batch.states.get(resource))
        if not decisions:
            return
        passed = await self._gate.pass_through(partition, decisions)
        if passed.conflicts:
            log.info(
                "state moved under a batch, it is read again",
                partition=str(partition),
                n=len(passed.conflicts),
            )
        if passed.applied:
            self._committed(partition)

    async def _plans(
        self, tenant: TenantIngest, groups: Mapping[str, list[Entry]], states: Mapping[str, Stored]
    ) -> dict[str, plan.Plan]:
        """By resource; what must be asked for and cannot be, is left out: its entries stay where they are."""
        plans, asked = dict[str, plan.Plan](), list[str]()
        for resource, entries in groups.items():
            plans[resource], ask = _outlook(tenant, resource, entries, states.get(resource))
            if ask:
                asked.append(resource)
        looks = (self._ask(tenant, r, groups[r], states.get(r), plans.pop(r)) for r in asked)
        found = zip(asked, await asyncio.gather(*looks), strict=True)
        return plans | {resource: answer for resource, answer in found if answer is not None}

    async def _ask(
        self,
        tenant: TenantIngest,
        resource: str,
        entries: list[Entry],
        stored: Stored | None,
        known: plan.Plan,
    ) -> plan.Plan | None:
        """The plan with the record as Protime has it now; None: later."""
        collection, _, number = resource.partition("/")
        found = await self._fetch(tenant.name, collection, int(number))
        if found is not None:
            return plan.fetched(entries, stored, found)
        waited = time.time() - known.apply[0].arrived_ms / 1000
        # A deleted record is not brought back on a guess, however long Protime cannot be asked.
        return known if waited > self._fallback_seconds and not plan.doubtful(stored) else None


def _outlook(
    tenant: TenantIngest, resource: str, entries: list[Entry], stored: Stored | None
) -> tuple[plan.Plan, bool]:
    """The plan by what is known, and whether Protime is to be asked for the record before."""
    collection, _, number = resource.partition("/")
    mode = tenant.fetch.get(collection, "payload")
    doubtful = plan.doubtful(stored)
    if mode == "payload" and not doubtful:
        return plan.every(entries, stored), False
    known = plan.newest(entries, stored)
    if (mode != "resource" and not doubtful) or number == NO_ID:
        return known, False
    if not known.apply or known.apply[0].deleted:
        return known, False
    # A list or a delta may have brought the newest state itself.
    version = known.apply[0].version
    return known, not any(e.origin != "webhook" and e.version >= version for e in entries)


def decide(tenant: TenantIngest, found: plan.Plan, stored: Stored | None) -> list[Decision]:
    """The gate's operations for one resource: events rendered, states computed, poison rejected. Pure."""
    decisions: list[Decision] = []
    expected = str(stored.number) if stored else "0"
    for entry in found.apply:
        try:
            body, rendered = _render(tenant, entry, stored)
        except (NormalizeError, msgspec.DecodeError, RecursionError) as error:
            reason = f"{type(error).__name__}: {error}"
            decisions.append(Reject(entry.resource, entry.id, reason, _kept(tenant, entry), _came(entry)))
            continue
        version = entry.version or NO_VERSION
        # A clocking may leave as `status: Deleted`: a Delete that follows then finds it gone already.
        gone = rendered.change == "deleted"
        decisions.append(
            Apply(entry.resource, entry.id, expected, version, gone, body, rendered.json, _came(entry))
        )
        stored, expected = Stored(version, gone, 0, body), CHAINED
    decisions += [Supersede(e.resource, e.id, e.version, _came(e)) for e in found.superseded]
    return decisions


def _came(entry: Entry) -> Came:
    return Came(entry.channel or entry.origin, entry.deleted, entry.version)


def _render(tenant: TenantIngest, entry: Entry, stored: Stored | None) -> tuple[bytes, Rendered]:
    collection, _, number = entry.resource.partition("/")
    if number == NO_ID:
        raise NormalizeError("the record has no integer id")
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
        learned_at=datetime.fromtimestamp(entry.arrived_ms / 1000, UTC),
    )
    rendered = normalize(change, tenant.view)
    if resource is None:
        return b"", rendered
    return msgspec.json.encode(stored_form(collection, resource, tenant.view)), rendered


def _kept(tenant: TenantIngest, entry: Entry) -> bytes:
    """Of a person that is rejected, what may be kept of it: its raw data may not."""
    if not entry.resource.startswith("people/"):
        return b""
    try:
        return reduced_form(msgspec.json.decode(entry.data), tenant.view)
    except (msgspec.DecodeError, RecursionError):
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
    except (msgspec.DecodeError, RecursionError):
        return entry  # will be rejected

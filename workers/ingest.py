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
from workers.changes import Change, NormalizeError, Rendered, TenantView, normalize, stored_form
from workers.store.gate import CHAINED, NO_VERSION, Apply, Decision, Gate, Reject, Supersede
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
        plans = await asyncio.gather(
            *(
                self._plan(tenant, resource, entries, batch.states.get(resource))
                for resource, entries in groups.items()
            )
        )
        decisions: list[Decision] = []
        for (resource, _), found in zip(groups.items(), plans, strict=True):
            if found is not None:
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

    async def _plan(
        self, tenant: TenantIngest, resource: str, entries: list[Entry], stored: Stored | None
    ) -> plan.Plan | None:
        collection, _, number = resource.partition("/")
        mode = tenant.fetch.get(collection, "payload")
        if mode == "payload":
            return plan.every(entries, stored)
        outlook = plan.newest(entries, stored)
        if mode != "resource" or number == NO_ID or not outlook.apply or outlook.apply[0].deleted:
            return outlook
        if any(entry.origin != "webhook" and entry.version >= outlook.apply[0].version for entry in entries):
            return outlook  # a list or a delta brought the newest state itself
        found = await self._fetch(tenant.name, collection, int(number))
        if found is not None:
            return plan.fetched(entries, stored, found)
        waited = time.time() - outlook.apply[0].arrived_ms / 1000
        return outlook if waited > self._fallback_seconds else None


def decide(tenant: TenantIngest, found: plan.Plan, stored: Stored | None) -> list[Decision]:
    """The gate's operations for one resource: events rendered, states computed, poison rejected. Pure."""
    decisions: list[Decision] = []
    expected = str(stored.number) if stored else "0"
    for entry in found.apply:
        try:
            body, rendered = _render(tenant, entry, stored)
        except (NormalizeError, msgspec.DecodeError, RecursionError) as error:
            decisions.append(Reject(entry.resource, entry.id, f"{type(error).__name__}: {error}"))
            continue
        version = entry.version or NO_VERSION
        # A clocking may leave as `status: Deleted`: a Delete that follows then finds it gone already.
        gone = rendered.change == "deleted"
        decisions.append(Apply(entry.resource, entry.id, expected, version, gone, body, rendered.json))
        stored, expected = Stored(version, gone, 0, body), CHAINED
    decisions += [Supersede(entry.resource, entry.id, entry.version) for entry in found.superseded]
    return decisions


def _render(tenant: TenantIngest, entry: Entry, stored: Stored | None) -> tuple[bytes, Rendered]:
    collection, _, number = entry.resource.partition("/")
    if number == NO_ID:
        raise NormalizeError("the record has no integer id")
    resource = None if entry.deleted else stored_form(collection, _object(entry.data), tenant.view)
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
    return b"" if resource is None else msgspec.json.encode(resource), normalize(change, tenant.view)


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

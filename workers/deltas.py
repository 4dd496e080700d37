"""Pulling deltas: one at a time for each tenant and collection, over all processes.

    note the newest waiting notifications ─▶ GET the delta ─▶ append its items ─▶ store the new link ─▶ let the noted
    notifications go on (most are superseded by the items) ─▶ wake the partitions

Effects are durable before the cursor: a kill between two steps repeats items, which the gate recognises.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import msgspec
import structlog

from workers.protime import (
    Conflict,
    DeltaItem,
    Gone,
    Protime,
    ProtimeError,
    Transient,
    date_window,
    earliest_delta_start,
)
from workers.retry import delay
from workers.store.deltas import DeltaState, DeltaStates, again_key, lock_key
from workers.store.inbox import NO_ID, Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Lease, Leases
from workers.store.scripts import Scripts

log = structlog.get_logger()

#: Two pulls of a delta begin at least so far apart: a burst of notifications costs few calls.
INTERVAL_SECONDS = 0.25
#: When a delta cannot be pulled for so long, waiting notifications are delivered as they were signed.
FALLBACK_SECONDS = 30.0
_CHUNK = 500
_DICE = random.Random()  # noqa: S311  # spreads retries, guards nothing


@dataclass(frozen=True)
class TenantReading:
    """What lists and deltas need of a tenant: its client, its calendar day, and how its collections are read.

    `since`: where the window of a dated collection begins; `references`: what its records carry along; `deltas`: the
    collections whose delta is kept.
    """

    client: Protime
    today: Callable[[], date]
    since: Mapping[str, date]
    references: Mapping[str, list[tuple[str, str]]]
    deltas: frozenset[str]

    def window(self, collection: str) -> str | None:
        """The filter of a whole read. Protime refuses a delta that begins before 1 January of the previous year."""
        if collection not in self.since:
            return None
        return date_window(max(self.since[collection], earliest_delta_start(self.today())))


class _Head(msgspec.Struct):
    id: int
    changeVersion: str | None = None  # noqa: N815


class Deltas:
    def __init__(
        self,
        scripts: Scripts,
        inbox: Inbox,
        leases: Leases,
        states: DeltaStates,
        tenants: Mapping[str, TenantReading],
        wake: Callable[[Iterable[Partition]], None],
    ) -> None:
        self._scripts = scripts
        self._inbox = inbox
        self._leases = leases
        self._states = states
        self._tenants = tenants
        self._wake = wake

    async def pull(self, tenant: str, collection: str) -> None:
        """Pulls until nobody asks any more. Another process that pulls already is told to pull once more."""
        if collection not in self._tenants[tenant].deltas:
            return
        again = again_key(tenant, collection)
        lease = await self._leases.acquire(lock_key(tenant, collection))
        if lease is None:
            await self._scripts.redis.set(again, "1", px=60_000)
            return
        try:
            while await self._pull_once(tenant, collection, lease):
                if not await self._scripts.run("leave", (lease.key, again), lease.token):
                    break
        finally:
            await self._leases.release(lease)

    async def _pull_once(self, tenant: str, collection: str, lease: Lease) -> bool:
        state = await self._states.get(tenant, collection)
        wait = max(state.asked_at + INTERVAL_SECONDS, state.retry_at) - time.time()
        if wait > 5 * INTERVAL_SECONDS:
            return False  # refused a moment ago: the timer and the sweep come again
        await asyncio.sleep(max(0.0, wait))
        state.asked_at = time.time()
        marks = await self._inbox.waiting_marks(tenant, collection)
        try:
            touched = await self._fetch(tenant, collection, state, lease)
        except (Gone, Conflict) as error:
            if not (state.link or state.walk):
                await self._failed(tenant, collection, state, error, marks)
                return False
            log.warning(
                "delta expired, starting anew", tenant=tenant, collection=collection, error=str(error)
            )
            await self._states.put(tenant, collection, DeltaState(asked_at=state.asked_at))
            return await self._pull_once(tenant, collection, lease)
        except ProtimeError as error:
            await self._failed(tenant, collection, state, error, marks)
            return False
        state.pulled_at, state.failing_since, state.retry_at, state.error, state.attempts = (
            time.time(),
            0,
            0,
            "",
            0,
        )
        await self._states.put(tenant, collection, state)
        await self._inbox.pulled_through(collection, marks)
        self._wake(touched | set(marks))
        return True

    async def _fetch(self, tenant: str, collection: str, state: DeltaState, lease: Lease) -> set[Partition]:
        """Appends what the delta gives, and puts the new link into `state`."""
        if not state.link:
            await self._walk(tenant, collection, state, lease)
            return set()
        page = await self._tenants[tenant].client.delta_pull(state.link)
        touched = await self._append(tenant, "delta", [arrival(collection, item) for item in page.items])
        state.link = page.delta_link
        return touched

    async def _walk(self, tenant: str, collection: str, state: DeltaState, lease: Lease) -> None:
        """The first walk over all records, behind live traffic; it goes on where a killed process left it."""
        settings = self._tenants[tenant]
        if state.walk:
            pages = settings.client.delta_start_from(collection, state.walk)
        else:
            references = settings.references.get(collection, [])
            pages = settings.client.delta_start(collection, settings.window(collection), references)
        async for page in pages:
            if not lease.alive:
                raise Transient("the lock on this delta was lost to another process")
            await self._inbox.room(tenant)
            self._wake(await self._append(tenant, "sync", [arrival(collection, item) for item in page.items]))
            state.link, state.walk = page.delta_link, page.next_link
            await self._states.put(tenant, collection, state)

    async def _append(self, tenant: str, origin: str, arrivals: list[Arrival]) -> set[Partition]:
        touched = set[Partition]()
        for start in range(0, len(arrivals), _CHUNK):
            some = arrivals[start : start + _CHUNK]
            touched |= await self._inbox.append(tenant, origin, some, bulk=origin == "sync")
        return touched

    async def _failed(
        self,
        tenant: str,
        collection: str,
        state: DeltaState,
        error: ProtimeError,
        marks: Mapping[Partition, str],
    ) -> None:
        now = time.time()
        state.attempts += 1
        state.failing_since = state.failing_since or now
        after = error.retry_after if isinstance(error, Transient) else None
        least = 1.0 if isinstance(error, Transient) else 60.0
        state.retry_at = now + delay(
            state.attempts,
            least=least,
            most=300,
            chance=_DICE.random(),
            retry_after=after,  # jitter
        )
        state.error = str(error)
        await self._states.put(tenant, collection, state)
        log.warning(
            "delta not pulled",
            tenant=tenant,
            collection=collection,
            error=str(error),
            attempts=state.attempts,
        )
        if now - state.failing_since > FALLBACK_SECONDS or not isinstance(error, Transient):
            await self._inbox.pulled_through(collection, marks)
            self._wake(marks)


def arrival(collection: str, item: DeltaItem) -> Arrival:
    """A delta item as it goes into the inbox. One without an integer id goes there too, to be rejected with its data."""
    try:
        head = msgspec.json.decode(item.data, type=_Head)
    except msgspec.DecodeError:
        return Arrival(f"{collection}/{NO_ID}", "", deleted=False, data=bytes(item.data))
    data = b"" if item.deleted else bytes(item.data)
    return Arrival(f"{collection}/{head.id}", head.changeVersion or "", deleted=item.deleted, data=data)

"""The first load of a collection by its list, resumable at any page.

GET some pages ─▶ hand their records over ─▶ note the next page ─▶ GET the next

When Protime cannot answer for a while, the load waits and goes on where it stood.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import structlog

from workers import arrivals
from workers.first_loads import Way
from workers.page_batches import batches
from workers.protime import Conflict, Endless, Gone, Invalid, Page, Patience
from workers.reading import JOB_PATIENCE, TenantReading
from workers.store.leases import Lease, Leases
from workers.store.lives import SetBack
from workers.store.progress import Progress, ProgressStore, lock_key

log = structlog.get_logger()


class Busy(Exception):
    """Another process does the same at this moment."""


class Sync:
    """Loads collections. `way` takes the records on; `patience`: how long it waits where Protime cannot answer."""

    def __init__(
        self,
        way: Way,
        leases: Leases,
        progress: ProgressStore,
        *,
        patience: Patience = JOB_PATIENCE,
    ) -> None:
        self._way = way
        self._leases = leases
        self._progress = progress
        self._patience = patience

    async def loaded(self, settings: TenantReading, tenant: str, collection: str) -> bool:
        """Whether a load of the collection ever came to its end, and from a day that is early enough still."""
        done = await self._progress.get(tenant, f"sync:{collection}")
        return bool(done.finished_at) and (
            not done.first_day or done.first_day <= _first_day(settings, collection)
        )

    async def remember(self, settings: TenantReading, tenant: str, collection: str) -> None:
        """Notes from which day on the release before loaded it: that of the configuration, as far as anybody knows."""
        job, since = f"sync:{collection}", await self._progress.life()
        done = await self._progress.get(tenant, job)
        if done.finished_at and not done.first_day:
            done.first_day = _first_day(settings, collection)
            with suppress(SetBack):  # the next start does it
                await self._progress.put(tenant, job, done, since)

    async def load(
        self,
        settings: TenantReading,
        tenant: str,
        collection: str,
        seen: Callable[[Progress], None] = lambda _: None,
    ) -> Progress:
        """All records of the collection's window; goes on where a killed process left it. Raises `Busy`, `ProtimeError`.

        `seen` is told after each few pages.
        """
        job = f"sync:{collection}"
        lease = await self._leases.acquire(lock_key(tenant, job))
        if lease is None:
            raise Busy(f"{tenant}/{collection} is being loaded by another process")
        try:
            patient = settings.patient(self._patience, tenant=tenant, collection=collection)
            return await self._over_restarts_of_the_store(patient, tenant, collection, lease, seen)
        finally:
            await self._leases.release(lease)

    async def _over_restarts_of_the_store(
        self,
        settings: TenantReading,
        tenant: str,
        collection: str,
        lease: Lease,
        seen: Callable[[Progress], None],
    ) -> Progress:
        while True:
            try:
                return await self._load(settings, tenant, collection, lease, seen)
            except SetBack:
                log.warning(
                    "the store was restarted, the load goes on where it was",
                    tenant=tenant,
                    collection=collection,
                )

    async def _load(
        self,
        settings: TenantReading,
        tenant: str,
        collection: str,
        lease: Lease,
        seen: Callable[[Progress], None],
    ) -> Progress:
        job, since = f"sync:{collection}", await self._progress.life()
        progress = await self._progress.get(tenant, job)
        first_day = _first_day(settings, collection)
        moved = bool(progress.first_day) and progress.first_day > first_day
        if progress.finished_at or not progress.started_at or moved:
            progress = Progress(started_at=time.time(), expected=progress.records, first_day=first_day)
        try:
            async for some in batches(self._pages(settings, collection, progress)):
                if not lease.alive:
                    raise Busy(f"{tenant}/{collection} was taken over by another process")
                found = [a for page in some for a in arrivals.of_page(collection, page)]
                await self._way.take(tenant, found)
                progress.next_link = some[-1].next_link or ""
                progress.pages, progress.records = progress.pages + len(some), progress.records + len(found)
                await self._progress.put(tenant, job, progress, since)
                seen(progress)
        except (Conflict, Gone):
            if not progress.next_link:
                raise
            log.warning(
                "paging token expired, loading from the first page", tenant=tenant, collection=collection
            )
            await self._progress.put(tenant, job, Progress(), since)
            return await self._load(settings, tenant, collection, lease, seen)
        except (Invalid, Endless):
            # A link that has grown too long (414) or leads in circles: the next load must not begin with it.
            await self._progress.put(tenant, job, Progress(), since)
            raise
        progress.finished_at, progress.next_link = time.time(), ""
        await self._progress.put(tenant, job, progress, since)
        return progress

    def _pages(self, settings: TenantReading, collection: str, progress: Progress) -> AsyncIterator[Page]:
        if progress.next_link:
            return settings.client.list_from(collection, progress.next_link)
        references = settings.references.get(collection, [])
        return settings.client.list(collection, settings.window(collection), references)


def _first_day(settings: TenantReading, collection: str) -> str:
    """As text it stands before each later day; "" for a collection without days, which is always loaded whole."""
    first = settings.first_day(collection)
    return first.isoformat() if first else ""

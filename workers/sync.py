"""The first load of a collection by its list: page after page into the bulk inbox, resumable at any page.

GET a page ─▶ append its records behind live traffic ─▶ note the next page ─▶ wait for room ─▶ GET the next
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable

import msgspec
import structlog

from workers.deltas import TenantReading, arrival
from workers.protime import Conflict, DeltaItem, Gone, Page, Transient
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Lease, Leases
from workers.store.progress import Progress, ProgressStore, lock_key

log = structlog.get_logger()


class Busy(Exception):
    """Another process does the same at this moment."""


class Sync:
    """Loads collections. `wake` is told which partitions have new work."""

    def __init__(
        self,
        inbox: Inbox,
        leases: Leases,
        progress: ProgressStore,
        wake: Callable[[Iterable[Partition]], None],
    ) -> None:
        self._inbox = inbox
        self._leases = leases
        self._progress = progress
        self._wake = wake

    async def load(
        self,
        settings: TenantReading,
        tenant: str,
        collection: str,
        seen: Callable[[Progress], None] = lambda _: None,
    ) -> Progress:
        """All records of the collection's window; goes on where a killed process left it. Raises `Busy`, `ProtimeError`.

        `seen` is told after each page.
        """
        job = f"sync:{collection}"
        lease = await self._leases.acquire(lock_key(tenant, job))
        if lease is None:
            raise Busy(f"{tenant}/{collection} is being loaded by another process")
        try:
            return await self._load(settings, tenant, collection, lease, seen)
        finally:
            await self._leases.release(lease)

    async def _load(
        self,
        settings: TenantReading,
        tenant: str,
        collection: str,
        lease: Lease,
        seen: Callable[[Progress], None],
    ) -> Progress:
        job = f"sync:{collection}"
        progress = await self._progress.get(tenant, job)
        if progress.finished_at or not progress.started_at:
            progress = Progress(started_at=time.time(), expected=progress.records)
        try:
            async for page in self._pages(settings, collection, progress):
                if not lease.alive:
                    raise Transient("the lock on this load was lost to another process")
                await self._inbox.room(tenant)
                self._wake(await self._inbox.append(tenant, "sync", arrivals(collection, page), bulk=True))
                progress.next_link = page.next_link or ""
                progress.pages, progress.records = progress.pages + 1, progress.records + len(page.items)
                await self._progress.put(tenant, job, progress)
                seen(progress)
        except (Conflict, Gone):
            if not progress.next_link:
                raise
            log.warning(
                "paging token expired, loading from the first page", tenant=tenant, collection=collection
            )
            await self._progress.put(tenant, job, Progress())
            return await self._load(settings, tenant, collection, lease, seen)
        progress.finished_at, progress.next_link = time.time(), ""
        await self._progress.put(tenant, job, progress)
        return progress

    def _pages(self, settings: TenantReading, collection: str, progress: Progress) -> AsyncIterator[Page]:
        if progress.next_link:
            return settings.client.list_from(collection, progress.next_link)
        references = settings.references.get(collection, [])
        return settings.client.list(collection, settings.window(collection), references)


def arrivals(collection: str, page: Page) -> list[Arrival]:
    """The records of a list as they go into the inbox."""
    return [arrival(collection, DeltaItem("InsertOrUpdate", msgspec.Raw(record))) for record in page.items]

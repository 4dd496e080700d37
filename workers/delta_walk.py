"""The first walk of a delta over all records: pages to the gate, page by page, resumable.

It may take hours, and what is told meanwhile must not wait for its end: every second the notifications that wait for the delta
are let go as they were signed. What a page brings of the same records before or behind them, the gate sorts out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager

import structlog

from workers import arrivals
from workers.first_loads import Way
from workers.page_batches import batches
from workers.reading import TenantReading
from workers.store.connect import UNAVAILABLE
from workers.store.deltas import DeltaState, DeltaStates
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.leases import Lease, LockLost

log = structlog.get_logger()

#: A walk that is over sooner keeps its notifications: most of them tell what it brings.
LET_GO_SECONDS = 1.0
#: First walks of one process at a time. Each takes the place of a live job for as long as it lasts (`workers.bell`).
AT_ONCE = 32


class NoRoom(Exception):
    """So many walks are under way already. This one is remembered for whoever makes room (`DeltaWalk.next`)."""


def keep_off_unless_ours(lease: Lease) -> None:
    """A process that was stopped for a while goes on in the middle, when another one is long at it. Raises `LockLost`."""
    if not lease.alive:
        raise LockLost


class DeltaWalk:
    def __init__(
        self,
        inbox: Inbox,
        states: DeltaStates,
        tenants: Mapping[str, TenantReading],
        wake: Callable[[Iterable[Partition]], None],
        way: Way,
        at_once: int = AT_ONCE,
    ) -> None:
        """`wake` is told which partitions have new work; `way` takes the records."""
        self._room = at_once
        self._turned_away: dict[tuple[str, str], None] = {}
        self._inbox = inbox
        self._states = states
        self._tenants = tenants
        self._wake = wake
        self._way = way

    def next(self) -> tuple[str, str] | None:
        """A delta whose walk was turned away before, when there is room now; the first to come first."""
        if self._room <= 0 or not self._turned_away:
            return None
        found = next(iter(self._turned_away))
        del self._turned_away[found]
        return found

    async def go(self, tenant: str, collection: str, state: DeltaState, lease: Lease, since: str) -> None:
        """Goes on where a killed process left it, and puts the link for the first pull into `state`.

        Raises `NoRoom`, `ProtimeError`, `LockLost`, `SetBack` and `RedisError`.
        """
        if self._room <= 0:
            self._turned_away[tenant, collection] = None
            raise NoRoom
        self._room -= 1
        try:
            await self._go(tenant, collection, state, lease, since)
        finally:
            self._room += 1

    async def _go(self, tenant: str, collection: str, state: DeltaState, lease: Lease, since: str) -> None:
        settings = self._tenants[tenant]
        if state.walk:
            pages = settings.client.delta_start_from(collection, state.walk)
        else:
            references = settings.references.get(collection, [])
            pages = settings.client.delta_start(collection, settings.delta_window(collection), references)
        async with self._letting_go(tenant, collection):
            async for some in batches(pages):
                keep_off_unless_ours(lease)
                found = [arrivals.of_item(collection, item) for page in some for item in page.items]
                await self._way.take(tenant, found)
                state.link, state.walk = some[-1].delta_link, some[-1].next_link
                await self._states.put(tenant, collection, state, since, lease)

    @asynccontextmanager
    async def _letting_go(self, tenant: str, collection: str) -> AsyncIterator[None]:
        letting = asyncio.create_task(self._let_go(tenant, collection))
        try:
            yield
        finally:
            letting.cancel()
            await asyncio.gather(letting, return_exceptions=True)

    async def _let_go(self, tenant: str, collection: str) -> None:
        while True:
            await asyncio.sleep(LET_GO_SECONDS)
            try:
                marks = await self._inbox.waiting_marks(tenant, collection)
                await self._inbox.pulled_through(collection, marks)
            except UNAVAILABLE as error:  # the walk meets the same, and ends
                log.debug("waiting notifications not let go", error=str(error))
            else:
                self._wake(marks)

"""Whole looks that a collection is owed: the first load where no delta brings it, and a comparison after a gap.

    a gap is noted in the store ─▶ load what was never loaded, else compare everything ─▶ the note is removed

A delta that died, or a webhook that was replaced after it had died, leaves a gap: the new one brings what changed, but
nothing tells what was deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from workers.protime import ProtimeError
from workers.reading import TenantReading
from workers.reconciler import Reconciler
from workers.refusals import Refusals
from workers.store.deltas import DeltaStates
from workers.store.inbox import Inbox
from workers.store.owed import Owed
from workers.sync import Busy, Sync

log = structlog.get_logger()


class Repairs:
    def __init__(
        self,
        owed: Owed,
        deltas: DeltaStates,
        inbox: Inbox,
        sync: Sync,
        reconciler: Reconciler,
        refusals: Refusals,
        settings: Callable[[str], TenantReading],
    ) -> None:
        self._owed = owed
        self._deltas = deltas
        self._inbox = inbox
        self._sync = sync
        self._reconciler = reconciler
        self._refusals = refusals
        self._settings = settings

    async def first_loads(self, tenant: str, collections: list[str]) -> None:
        """Notes which of these, kept without a delta, were never loaded, or not from so early on. Raises `RedisError`."""
        for collection in collections:
            settings = self._settings(tenant)
            if collection in settings.deltas:
                continue
            if await self._sync.loaded(settings, tenant, collection):
                await self._sync.remember(settings, tenant, collection)
            else:
                await self._owed.note(tenant, collection)

    async def run(self, tenant: str, known: Callable[[str], bool]) -> None:
        """Does what is owed; what cannot be done now stays. `known(collection)`: whether it is still configured."""
        for collection, stamp in (await self._owed.all(tenant)).items():
            if not known(collection) or await self._done(tenant, collection):
                await self._owed.done(tenant, collection, stamp)

    async def _done(self, tenant: str, collection: str) -> bool:
        if self._refusals.resting(tenant, collection) or await self._refusals.whole_rests(tenant, collection):
            return False
        if collection in self._settings(tenant).deltas:
            # The walk of the new delta goes first: what it brings need not be found once more.
            walked = bool((await self._deltas.get(tenant, collection)).link)
            return walked and await self._compared(tenant, collection)
        if await self._sync.loaded(self._settings(tenant), tenant, collection):
            return await self._compared(tenant, collection)
        return await self._loaded(tenant, collection)

    async def _compared(self, tenant: str, collection: str) -> bool:
        if await self._inbox.bulk_backlog(tenant):
            return False  # what a load brought and nobody decided yet would look as if it had been missed
        return await self._reconciler.run_whole(tenant, collection) is not None

    async def _loaded(self, tenant: str, collection: str) -> bool:
        try:
            await self._sync.load(self._settings(tenant), tenant, collection)
        except Busy as error:
            log.warning("not loaded", tenant=tenant, collection=collection, error=str(error))
        except ProtimeError as error:
            if not await self._refusals.whole_met(tenant, collection, error):
                log.warning("not loaded", tenant=tenant, collection=collection, error=str(error))
        else:
            await self._refusals.whole_over(tenant, collection)
            return True
        return False

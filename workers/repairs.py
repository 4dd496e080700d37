"""Whole looks that a collection is owed: the first load where no delta brings it, and a comparison after a gap.

    a gap is noted in the store ─▶ load what was never loaded, else compare everything ─▶ the note is removed

A delta that died, or a webhook that was replaced after it had died, leaves a gap: the new one brings what changed, but
nothing tells what was deleted meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from workers.protime import ProtimeError
from workers.reading import TenantReading
from workers.reconciler import Reconciler
from workers.refusals import Refusals
from workers.store.deltas import DeltaStates
from workers.store.inbox import Inbox
from workers.store.owed import Owed
from workers.store.pulse import Pulse
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
        for collection in await self.never_loaded(tenant, collections):
            await self._owed.note(tenant, collection)

    async def never_loaded(self, tenant: str, collections: Iterable[str]) -> list[str]:
        """Those of these, kept without a delta, of which a load from the first day on was neither done nor noted."""
        settings, owed, missing = self._settings(tenant), await self._owed.all(tenant), list[str]()
        for collection in (c for c in collections if c not in settings.deltas and c not in owed):
            if await self._sync.loaded(settings, tenant, collection):
                await self._sync.remember(settings, tenant, collection)
            else:
                missing.append(collection)
        return missing

    async def after_restore(self, tenant: str, collections: Iterable[str], pulse: Pulse) -> None:
        """Owes those that no delta catches up a whole comparison, when the store may have come back from a backup."""
        deltas = self._settings(tenant).deltas
        if gap := await pulse.gap(tenant):
            owed = sorted(set(collections) - deltas)
            log.warning(
                "the store was away and may have come back older: collections without a delta are compared",
                tenant=tenant,
                seconds=round(gap),
                collections=owed,
            )
            for collection in owed:
                await self._owed.note(tenant, collection)
        await pulse.beat(tenant)

    async def run(self, tenant: str, known: Callable[[str], bool]) -> None:
        """Does what is owed; what cannot be done now stays.

        `known(collection)`: whether it is configured here. What is not may be by workers of a newer configuration.
        """
        for collection, stamp in (await self._owed.all(tenant)).items():
            if known(collection) and await self._done(tenant, collection):
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

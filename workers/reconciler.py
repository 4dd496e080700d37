"""When collections are compared with Protime: on their schedule, or as a whole where that is owed. One process at a time."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import structlog

from workers import clock
from workers.config import Config
from workers.protime import ProtimeError
from workers.reading import TenantReading
from workers.reconcile import Found, Reconciliation, Window, window_of
from workers.refusals import Refusals
from workers.store.leases import Leases
from workers.store.lives import SetBack
from workers.store.progress import Progress, ProgressStore, lock_key

log = structlog.get_logger()


@dataclass(frozen=True)
class Schedule:
    """How far back and ahead of today a collection is compared, and how often (seconds).

    As it is here, `shiftwire reconcile` looks where nothing is configured.
    """

    days_back: int = 7
    days_ahead: int = 60
    every: float = 3600.0


def schedule_of(config: Config, tenant: str, collection: str) -> Schedule:
    found = config.tenants[tenant].collections[collection].reconciled
    return Schedule(found.days_back, found.days_ahead, found.every_seconds) if found else Schedule()


class Reconciler:
    def __init__(
        self,
        reconciliation: Reconciliation,
        leases: Leases,
        refusals: Refusals,
        settings: Callable[[str], TenantReading],
        schedule: Callable[[str, str], Schedule],
        progress: ProgressStore,
    ) -> None:
        """`progress` keeps when each was compared last: a scheduler that was restarted does not count anew."""
        self._reconciliation = reconciliation
        self._leases = leases
        self._refusals = refusals
        self._settings = settings
        self._schedule = schedule
        self._progress = progress

    async def run_due(self, tenant: str, collection: str) -> Found | None:
        """The configured days, if it is time. None when it is not, or it could not be done: then it is due still.

        Not at the beginning: what a first load is about to bring was not missed.
        """
        schedule, job = self._schedule(tenant, collection), f"reconciled:{collection}"
        since = await self._progress.life()
        last = (await self._progress.get(tenant, job)).finished_at
        if not last:
            await self._note(tenant, job, since)
        # One in the future: the clock was set back meanwhile.
        elif not 0 <= clock.now() - last < schedule.every and not await self._rests(tenant, collection):
            today = self._settings(tenant).today()
            window = window_of(collection, today, schedule.days_back, schedule.days_ahead)
            if (found := await self._run(tenant, collection, window)) is not None:
                await self._note(tenant, job, since)
                return found
        return None

    async def _rests(self, tenant: str, collection: str) -> bool:
        if self._refusals.resting(tenant, collection):
            return True
        return await self._refusals.whole_rests(tenant, collection)

    async def run_whole(self, tenant: str, collection: str) -> Found | None:
        """Everything there is, from the first day that is read. None when it could not be done."""
        return await self._run(tenant, collection, Window(self._settings(tenant).first_day(collection)))

    async def _note(self, tenant: str, job: str, since: str) -> None:
        with suppress(SetBack):  # it is due still
            await self._progress.put(tenant, job, Progress(finished_at=clock.now()), since)

    async def _run(self, tenant: str, collection: str, window: Window) -> Found | None:
        """None as well when the store was set back meanwhile: what was found may be forgotten."""
        about = {"tenant": tenant, "collection": collection}
        lease = await self._leases.acquire(lock_key(tenant, f"reconcile:{collection}"))
        if lease is None:
            return None
        since = await self._progress.life()
        try:
            found = await self._reconciliation.run(self._settings(tenant), tenant, collection, window)
        except ProtimeError as error:
            if not await self._refusals.whole_met(tenant, collection, error):
                log.warning("not reconciled", error=str(error), **about)
            return None
        finally:
            await self._leases.release(lease)
        await self._refusals.over(tenant, collection)
        await self._refusals.whole_over(tenant, collection)
        if await self._progress.life() != since:
            log.warning("not reconciled", error="the store was restarted meanwhile", **about)
            return None
        return found

"""Reconciliation: a windowed list against the stored state. Finds what no channel told, and says so.

Updates pass the gate like any other change. Deletion by absence is reported only after a complete traversal and a 404
on the single record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

import msgspec
import structlog

from workers import arrivals, plan
from workers.config import Config
from workers.protime import NotFound, ProtimeError, date_window
from workers.protime.collections import COLLECTIONS
from workers.reading import TenantReading
from workers.refusals import Refusals
from workers.store.inbox import NO_ID, Arrival, Inbox, Stored
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.progress import lock_key
from workers.store.state import States

log = structlog.get_logger()


@dataclass
class Found:
    """What a reconciliation found, as `collection/id`, and how many records it looked at."""

    looked_at: int = 0
    missed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Window:
    """Days on which the collection's date filter acts, both included.

    Without `until` it is open; without `since` the collection has no dates.
    """

    since: date | None
    until: date | None = None

    def holds(self, day: str | None) -> bool:
        """Whether a record of this day (ISO 8601) is in the list."""
        if self.since is None:
            return True
        last = self.until.isoformat() if self.until else "9999-12-31"
        return day is not None and self.since.isoformat() <= day[:10] <= last


class Reconciliation:
    def __init__(self, inbox: Inbox, states: States, wake: Callable[[Iterable[Partition]], None]) -> None:
        self._inbox = inbox
        self._states = states
        self._wake = wake

    async def run(self, settings: TenantReading, tenant: str, collection: str, window: Window) -> Found:
        """Compares, and repairs what differs. Raises `ProtimeError`; then no deletion was reported."""
        found, listed = Found(), set[int]()
        async for some in self._listed(settings, collection, window):
            found.looked_at += len(some)
            listed.update(int(a.resource.rpartition("/")[2]) for a in some if a.version or a.data)
            known = await self._states.of(tenant, [a.resource for a in some])
            missed = [a for a in some if _differs(a, known.get(a.resource))]
            missed += [a async for a in self._there_all_the_same(settings, collection, some, known)]
            found.missed += [a.resource for a in missed]
            await self._append(tenant, missed)
        gone = [a async for a in self._absent(settings, tenant, collection, window, listed)]
        found.deleted = [a.resource for a in gone]
        await self._append(tenant, gone)
        if found.missed or found.deleted:
            log.warning(
                "reconciliation found changes", tenant=tenant, missed=found.missed, deleted=found.deleted
            )
        return found

    async def _listed(
        self, settings: TenantReading, collection: str, window: Window
    ) -> AsyncIterator[list[Arrival]]:
        where = None if window.since is None else date_window(window.since, window.until)
        async for page in settings.client.list(collection, where, settings.references.get(collection, [])):
            found = arrivals.of_page(collection, page)
            yield [a for a in found if not a.resource.endswith(f"/{NO_ID}")]

    async def _append(self, tenant: str, some: list[Arrival]) -> None:
        if some:
            await self._inbox.room(tenant)
            self._wake(await self._inbox.append(tenant, "reconcile", some, bulk=True))

    async def _there_all_the_same(
        self, settings: TenantReading, collection: str, listed: list[Arrival], known: Mapping[str, Stored]
    ) -> AsyncIterator[Arrival]:
        """Listed records that were found absent once, as they are now: whoever said 404 then did not know them.

        The list alone does not tell, for a record may have gone behind it.
        """
        for arrival in listed:
            stored = known.get(arrival.resource)
            if stored is None or not plan.doubtful(stored) or _differs(arrival, stored):
                continue
            number = int(arrival.resource.rpartition("/")[2])
            try:
                now = await settings.client.get(collection, number, settings.references.get(collection, []))
            except NotFound:
                continue
            version = max(now.version, plan.found_again(stored))
            yield Arrival(arrival.resource, version, deleted=False, data=now.body)

    async def _absent(
        self, settings: TenantReading, tenant: str, collection: str, window: Window, listed: set[int]
    ) -> AsyncIterator[Arrival]:
        """Stored records that the complete list did not have, and that Protime does not know one by one either."""
        day_field = COLLECTIONS[collection].dated
        async for number, stored in self._states.all(tenant, collection):
            if stored.deleted or number in listed or not window.holds(_day(stored, day_field)):
                continue
            try:
                await settings.client.get(collection, number)
            except NotFound:
                yield Arrival(
                    f"{collection}/{number}", f"{stored.version}{plan.ABSENT}", deleted=True, data=b""
                )


class Reconciler:
    """Reconciles collections over the days that the configuration names; one process at a time."""

    def __init__(
        self,
        reconciliation: Reconciliation,
        leases: Leases,
        refusals: Refusals,
        settings: Callable[[str], TenantReading],
        days: Callable[[str, str], tuple[int, int]],
    ) -> None:
        """`days(tenant, collection)`: how far back and ahead of today."""
        self._reconciliation = reconciliation
        self._leases = leases
        self._refusals = refusals
        self._settings = settings
        self._days = days

    async def run(self, tenant: str, collection: str) -> Found | None:
        """The configured days. None when another process is at it, or Protime could not be asked."""
        back, ahead = self._days(tenant, collection)
        return await self._run(
            tenant, collection, window_of(collection, self._settings(tenant).today(), back, ahead)
        )

    async def run_whole(self, tenant: str, collection: str) -> Found | None:
        """Everything there is, from the first day that is read."""
        return await self._run(tenant, collection, Window(self._settings(tenant).first_day(collection)))

    async def _run(self, tenant: str, collection: str, window: Window) -> Found | None:
        lease = await self._leases.acquire(lock_key(tenant, f"reconcile:{collection}"))
        if lease is None:
            return None
        try:
            found = await self._reconciliation.run(self._settings(tenant), tenant, collection, window)
        except ProtimeError as error:
            if not await self._refusals.met(tenant, collection, error):
                log.warning("not reconciled", tenant=tenant, collection=collection, error=str(error))
            return None
        finally:
            await self._leases.release(lease)
        await self._refusals.over(tenant, collection)
        return found


def _differs(listed: Arrival, stored: Stored | None) -> bool:
    return stored is None or (bool(listed.version) and listed.version > stored.version)


def _day(stored: Stored, field_name: str | None) -> str | None:
    value = msgspec.json.decode(stored.body).get(field_name) if field_name and stored.body else None
    return value if isinstance(value, str) else None


def window_of(collection: str, today: date, days_back: int, days_ahead: int) -> Window:
    """The days of a reconciliation around today; no window for a collection without dates."""
    if COLLECTIONS[collection].dated is None:
        return Window(None, None)
    return Window(today - timedelta(days=days_back), today + timedelta(days=days_ahead))


#: Without a setting of its own, `shiftwire reconcile` looks so many days back and ahead.
_DAYS = (7, 60)


def reconcile_days(config: Config, tenant: str, collection: str) -> tuple[int, int]:
    """How far back and ahead of today a collection is reconciled."""
    settings = config.tenants[tenant].collections[collection].reconciled
    return (settings.days_back, settings.days_ahead) if settings else _DAYS

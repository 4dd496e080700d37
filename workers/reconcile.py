"""Reconciliation: a windowed list against the stored state. Finds what no channel told, and says so.

Updates pass the gate like any other change. Deletion by absence is reported only after a complete traversal and a 404
on the single record.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import msgspec
import structlog

from workers import clock
from workers.comparing import Comparing, differs, number_of
from workers.protime import Patience, date_window
from workers.protime.collections import COLLECTIONS
from workers.reading import JOB_PATIENCE, TenantReading
from workers.store.inbox import Arrival, Inbox, Stored
from workers.store.keys import Partition
from workers.store.state import States

log = structlog.get_logger()


#: What was rejected may be understood by a later release.
_TOLD_AGAIN_MS = 30 * 86_400_000
#: So long is waited for one record that Protime fails to show; then the comparison goes on without it.
_HASTE_SECONDS = 15.0
#: So many names stand in one line of the log.
_SHOWN = 100


@dataclass
class Found:
    """What a reconciliation found, as `collection/id`, and how many records it looked at.

    `left_out`: records that Protime failed to show, so that nothing is known of them.
    """

    looked_at: int = 0
    missed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    _named: set[str] = field(default_factory=set)

    def note(self, some: Iterable[Arrival]) -> None:
        """Of a list that was begun anew a record may come twice."""
        for arrival in some:
            if arrival.resource not in self._named:
                self._named.add(arrival.resource)
                (self.deleted if arrival.deleted else self.missed).append(arrival.resource)

    def shown(self) -> dict[str, object]:
        """How many, and the first of them by name."""
        return {
            "missed": self.missed[:_SHOWN],
            "deleted": self.deleted[:_SHOWN],
            "found": len(self.missed) + len(self.deleted),
        }


@dataclass(frozen=True)
class Window:
    """Days on which the collection's date filter acts, both included.

    Without `until` it is open; without `since` the collection has no dates.
    """

    since: date | None
    until: date | None = None

    @property
    def filter(self) -> str | None:
        return None if self.since is None else date_window(self.since, self.until)

    def holds(self, day: str | None) -> bool:
        """Whether a record of this day (ISO 8601) is in the list."""
        if self.since is None:
            return True
        last = self.until.isoformat() if self.until else "9999-12-31"
        return day is not None and self.since.isoformat() <= day[:10] <= last


class Reconciliation:
    """`patience`: how long it waits where Protime cannot answer."""

    def __init__(
        self,
        inbox: Inbox,
        states: States,
        wake: Callable[[Iterable[Partition]], None],
        *,
        patience: Patience = JOB_PATIENCE,
    ) -> None:
        self._inbox = inbox
        self._states = states
        self._wake = wake
        self._patience = patience

    async def run(self, settings: TenantReading, tenant: str, collection: str, window: Window) -> Found:
        """Compares, and repairs what differs. Raises `ProtimeError`; then no deletion was reported."""
        asked = self._comparing(settings, tenant, collection, window)
        found, listed = Found(), set[int]()
        async for some in asked.listed():
            found.looked_at += len(some)
            listed.update(number_of(a.resource) for a in some)
            known = await self._states.of(tenant, [a.resource for a in some])
            missed = [a for a in some if differs(a, known.get(a.resource))]
            missed += [a async for a in asked.there_all_the_same(some, known)]
            await self._append(tenant, found, missed)
        unlisted = self._unlisted(tenant, collection, window, listed)
        # All are known before the first is told: a comparison that fails on the way reports no deletion.
        await self._append(tenant, found, [a async for a in asked.unlisted(unlisted)])
        if found.missed or found.deleted:
            log.warning("reconciliation found changes", tenant=tenant, **found.shown())
        await self._note_left_out(tenant, collection, found, asked.left_out)
        return found

    def _comparing(self, settings: TenantReading, tenant: str, collection: str, window: Window) -> Comparing:
        about = {"tenant": tenant, "collection": collection}
        hasty = replace(self._patience, total_seconds=min(_HASTE_SECONDS, self._patience.total_seconds))
        patient = settings.patient(self._patience, **about)
        return Comparing(patient, collection, window.filter, settings.patient(hasty, **about).client)

    async def _note_left_out(
        self, tenant: str, collection: str, found: Found, left_out: Mapping[str, str]
    ) -> None:
        """The next comparison asks for them, whatever its window."""
        found.left_out = list(left_out)
        await self._states.leave_out(tenant, collection, [number_of(name) for name in left_out])
        if left_out:
            log.error(
                "reconciliation left out records that Protime fails to show",
                tenant=tenant,
                left_out=found.left_out[:_SHOWN],
                found=len(left_out),
                error=next(iter(left_out.values())),
                to_do="if it lasts, report these records to Protime; the next comparison asks for them again",
            )

    async def _append(self, tenant: str, found: Found, some: list[Arrival]) -> None:
        if some := await self._not_rejected(tenant, some):
            found.note(some)
            await self._inbox.room(tenant)
            self._wake(await self._inbox.append(tenant, "reconcile", some, bulk=True))

    async def _not_rejected(self, tenant: str, some: list[Arrival]) -> list[Arrival]:
        """What was rejected once has its dead letter, and is told again in this version only after a while."""
        if not some:
            return some
        known, now = await self._states.rejected(tenant, [a.resource for a in some]), clock.now_ms()
        told = {name: version for name, (version, at) in known.items() if now - at < _TOLD_AGAIN_MS}
        return [a for a in some if told.get(a.resource) != a.version]

    async def _unlisted(
        self, tenant: str, collection: str, window: Window, listed: set[int]
    ) -> AsyncIterator[tuple[int, Stored]]:
        """Stored records of the window that the complete list did not have."""
        day_field = COLLECTIONS[collection].dated
        owed = await self._states.left_out(tenant, collection)
        async for number, stored in self._states.all(tenant, collection):
            if stored.deleted or number in listed:
                continue
            if number in owed or window.holds(_day(stored, day_field)):
                yield number, stored


def _day(stored: Stored, field_name: str | None) -> str | None:
    value = msgspec.json.decode(stored.body).get(field_name) if field_name and stored.body else None
    return value if isinstance(value, str) else None


def window_of(collection: str, today: date, days_back: int, days_ahead: int) -> Window:
    """The days of a reconciliation around today; no window for a collection without dates."""
    if COLLECTIONS[collection].dated is None:
        return Window(None, None)
    return Window(today - timedelta(days=days_back), today + timedelta(days=days_ahead))

"""What a comparison of the stored state with Protime asks there, and what it takes from the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from workers import arrivals, plan
from workers.pauses import seconds_for_all
from workers.protime import (
    AuthenticationFailed,
    Conflict,
    NotFound,
    Page,
    PermissionDenied,
    Protime,
    ProtimeError,
    Resource,
)
from workers.reading import TenantReading
from workers.store.inbox import NO_ID, Arrival, Stored

#: So often a list begins anew because its paging token expired.
_RESTARTS: Final = 3
#: So many records that fail one behind the other: it is not the records, Protime is down.
_IN_A_ROW: Final = 8


class Comparing:
    """What one comparison asks Protime; the client in `settings` waits where Protime cannot answer, `hasty` not for long.

    `left_out`: records that Protime shows to nobody, and why. They say nothing of the others.
    """

    def __init__(self, settings: TenantReading, collection: str, where: str | None, hasty: Protime) -> None:
        self.left_out: dict[str, str] = {}
        self._in_a_row = 0
        self._hasty = hasty
        self._settings = settings
        self._collection = collection
        self._where = where
        self._references = settings.references.get(collection, [])

    async def listed(self) -> AsyncIterator[list[Arrival]]:
        """Begun anew, it hands out some records twice."""
        async for page in self._pages():
            found = arrivals.of_page(self._collection, page)
            yield [a for a in found if not a.resource.endswith(f"/{NO_ID}")]

    async def _pages(self) -> AsyncIterator[Page]:
        for restarts in range(_RESTARTS + 1):
            begun = False
            try:
                async for page in self._settings.client.list(self._collection, self._where, self._references):
                    begun = True
                    yield page
            except Conflict:
                if not begun or restarts == _RESTARTS:
                    raise
            else:
                return

    async def there_all_the_same(
        self, listed: list[Arrival], known: Mapping[str, Stored]
    ) -> AsyncIterator[Arrival]:
        """Listed records that were found absent once, as they are now: whoever said 404 then did not know them.

        And those of which something else was told without a version. The list alone does not tell, for a record may have gone,
        or changed, behind it.
        """
        for arrival in listed:
            stored = known.get(arrival.resource)
            if stored is None or differs(arrival, stored) or not _questionable(arrival, stored):
                continue
            with self._leaving_out(arrival.resource):
                now = await self._one(number_of(arrival.resource))
                if now is not None and _questionable(now, stored):
                    version = plan.correction(now.version, stored)
                    yield Arrival(arrival.resource, version, deleted=False, data=now.data)

    async def unlisted(self, records: AsyncIterator[tuple[int, Stored]]) -> AsyncIterator[Arrival]:
        """Of records that a list did not have: what Protime does not know one by one either, and what has left the window."""
        async for number, stored in records:
            name = f"{self._collection}/{number}"
            with self._leaving_out(name):
                now = await self._one(number)
                if now is None:
                    yield Arrival(name, f"{stored.version}{plan.ABSENT}", deleted=True, data=b"")
                elif differs(now, stored):
                    yield now

    @contextmanager
    def _leaving_out(self, resource: str) -> Iterator[None]:
        """One record that fails keeps no other from being told."""
        try:
            yield
        except (PermissionDenied, AuthenticationFailed):
            raise
        except ProtimeError as error:
            self._in_a_row += 1
            if seconds_for_all(error) is not None or self._in_a_row >= _IN_A_ROW:
                raise
            self.left_out[resource] = str(error)
        else:
            self._in_a_row = 0

    async def _one(self, number: int) -> Arrival | None:
        """The record as it is now; None: Protime does not know it."""
        try:
            found = await self._shown(number)
        except NotFound:
            return None
        return Arrival(f"{self._collection}/{number}", found.version, deleted=False, data=found.body)

    async def _shown(self, number: int) -> Resource:
        """Waits for Protime as long as there is patience, but not for one record that it alone fails to show."""
        asked = (self._collection, number, self._references)
        try:
            return await self._hasty.get(*asked)
        except ProtimeError as error:
            if seconds_for_all(error) is None:
                raise
        return await self._settings.client.get(*asked)


def number_of(resource: str) -> int:
    return int(resource.rpartition("/")[2])


def differs(now: Arrival, stored: Stored | None) -> bool:
    """Whether Protime has it newer than we know."""
    if stored is None:
        return True
    if not now.version or now.version <= stored.version:
        return False
    return stored.deleted or not plan.uncertain(stored) or not plan.same(now.data, stored.body)


def _questionable(now: Arrival, stored: Stored) -> bool:
    """Whether versions do not say if what is stored still holds."""
    if stored.deleted:
        return plan.doubtful(stored)
    # Of people less is stored than Protime shows: there is nothing to compare with.
    unsure = plan.uncertain(stored) and not now.resource.startswith("people/")
    return unsure and not plan.same(now.data, stored.body)

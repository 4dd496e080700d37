"""What a comparison of the stored state with Protime asks there, and what it takes from the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

from workers import arrivals, plan
from workers.protime import Conflict, NotFound, Page
from workers.reading import TenantReading
from workers.store.inbox import NO_ID, Arrival, Stored

#: So often a list begins anew because its paging token expired.
_RESTARTS: Final = 3


class Comparing:
    """What one comparison asks Protime; the client in `settings` waits where Protime cannot answer."""

    def __init__(self, settings: TenantReading, collection: str, where: str | None) -> None:
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

        The list alone does not tell, for a record may have gone behind it.
        """
        for arrival in listed:
            stored = known.get(arrival.resource)
            if stored is None or not plan.doubtful(stored) or differs(arrival, stored):
                continue
            if (now := await self._one(number_of(arrival.resource))) is not None:
                version = max(now.version, plan.found_again(stored))
                yield Arrival(arrival.resource, version, deleted=False, data=now.data)

    async def unlisted(self, records: AsyncIterator[tuple[int, Stored]]) -> AsyncIterator[Arrival]:
        """Of records that a list did not have: what Protime does not know one by one either, and what has left the window."""
        async for number, stored in records:
            now = await self._one(number)
            if now is None:
                name, version = f"{self._collection}/{number}", f"{stored.version}{plan.ABSENT}"
                yield Arrival(name, version, deleted=True, data=b"")
            elif differs(now, stored):
                yield now

    async def _one(self, number: int) -> Arrival | None:
        """The record as it is now; None: Protime does not know it."""
        try:
            found = await self._settings.client.get(self._collection, number, self._references)
        except NotFound:
            return None
        return Arrival(f"{self._collection}/{number}", found.version, deleted=False, data=found.body)


def number_of(resource: str) -> int:
    return int(resource.rpartition("/")[2])


def differs(now: Arrival, stored: Stored | None) -> bool:
    """Whether Protime has it newer than we know."""
    return stored is None or (bool(now.version) and now.version > stored.version)

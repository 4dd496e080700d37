"""Deltas: changes since a bookmark (protime-api §6). There is one per collection, and it dies after 72 hours unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

from workers.protime import addresses, links, pages
from workers.protime.addresses import Where
from workers.protime.external_references import References
from workers.protime.models import DeltaItem, DeltaPage
from workers.protime.paging import walk
from workers.protime.transport import Transport


class DeltaReading:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def delta_start(
        self,
        collection: str,
        where: Where = None,
        external_references: References | None = None,
        *,
        today: date | None = None,
    ) -> AsyncIterator[DeltaPage]:
        """Begins a delta: pages of all records there are; the last one has the `delta_link` to store.

        `today` (in the tenant's zone) also checks the start of the window before anything is sent. Raises FilterError;
        Conflict when the paging token expired or another delta is active.
        """
        path = addresses.delta(collection, where, external_references, today)
        async for page in walk(self._transport, collection, self._transport.origin + path, pages.initial):
            yield page

    async def delta_start_from(self, collection: str, next_link: str) -> AsyncIterator[DeltaPage]:
        """The rest of an interrupted start, from the `next_link` of its last page that is safe."""
        url = links.resolve(self._transport.origin, next_link)
        async for page in walk(self._transport, collection, url, pages.initial):
            yield page

    async def delta_pull(self, delta_link: str) -> DeltaPage:
        """The changes since `delta_link`, and the next one: store it once the changes are safe, even if there are none.

        Raises Gone when the delta expired: start anew.
        """
        url = links.resolve(self._transport.origin, delta_link)
        items: list[DeltaItem] = []
        link = ""
        # One answer by the documentation; should one ever come in pages, nothing is lost.
        async for page in walk(self._transport, addresses.route(url), url, pages.changes):
            items = [*items, *page.items] if items else page.items
            link = page.delta_link
        return DeltaPage(items, link)

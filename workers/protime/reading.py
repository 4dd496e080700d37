"""Reading records and lists."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator

from workers.protime import addresses, links, pages
from workers.protime.addresses import Where
from workers.protime.errors import UriTooLong
from workers.protime.external_references import References
from workers.protime.models import Page, Resource
from workers.protime.once import Once
from workers.protime.paging import walk
from workers.protime.transport import Call, Transport


class Reading:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(
        self, collection: str, number: int | str, external_references: References | None = None
    ) -> Resource:
        """One record. Raises NotFound when there is none, or no longer."""
        path = addresses.single(collection, number, external_references)
        call = Call("GET", self._transport.origin + path, f"{collection}/{{id}}", soon=True)
        return await self._transport.fetch(call, pages.resource)

    async def list(
        self, collection: str, where: Where = None, external_references: References | None = None
    ) -> AsyncIterator[Page]:
        """All pages, in Protime's order. A list of people too long for one URL is read in several goes.

        So is one whose URL grows too long on a later page (414): its halves are read from their beginnings, without the
        records that were handed out. Raises FilterError before the first request, UriTooLong when nothing can be
        divided, and Conflict when the paging token expired: then what was read so far is to be read again.
        """
        waiting = deque(addresses.listing(collection, where, external_references, self._transport.origin))
        once = Once() if len(waiting) > 1 or addresses.halved(collection, waiting[0], None) else None
        while waiting:
            first = waiting.popleft()
            try:
                async for page in walk(
                    self._transport, collection, self._transport.origin + first.path, pages.page
                ):
                    yield page if once is None else once.fresh(page)
            except UriTooLong:
                shorter = addresses.halved(collection, first, external_references)
                if not shorter:
                    raise
                waiting.extendleft(reversed(shorter))

    async def list_from(self, collection: str, next_link: str) -> AsyncIterator[Page]:
        """The pages from a stored `next_link` on: an interrupted list goes on while its paging token lives."""
        url = links.resolve(self._transport.origin, next_link)
        async for page in walk(self._transport, collection, url, pages.page):
            yield page

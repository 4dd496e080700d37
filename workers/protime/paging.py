"""Following links from page to page (protime-api §3.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Protocol, TypeVar

from workers.protime import links
from workers.protime.errors import Malformed
from workers.protime.transport import Call, Transport


class _Linked(Protocol):
    @property
    def next_link(self) -> str | None: ...


P = TypeVar("P", bound=_Linked)


async def walk(transport: Transport, route: str, url: str, read: Callable[[bytes], P]) -> AsyncIterator[P]:
    """The page at `url` and all that follow. Only a missing link is the end: pages in between may be empty."""
    following: str | None = url
    while following:
        page = await transport.fetch(Call("GET", following, route), read)
        yield page
        following = next_url(transport.origin, following, page.next_link)


def next_url(origin: str, url: str, next_link: str | None) -> str | None:
    """Where the next page is. Raises ForeignLink, and Malformed for a page that names itself as the next."""
    if not next_link:
        return None
    following = links.resolve(origin, next_link)
    if following == url:
        raise Malformed("a page names itself as the next one")
    return following

"""Following links from page to page (protime-api §3.4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec

from workers.protime import links, redaction
from workers.protime.errors import Endless
from workers.protime.transport import Call, Transport

#: So many empty pages in a row are a server that never comes to an end: at the usual limit a quarter of an hour.
MOST_EMPTY = 10_000


#: So many pages in a row that begin with a record which began one before are the same pages again and again. A few may
#: be: somebody plans while the list is read.
MOST_REPEATED = 100


class _Linked(Protocol):
    @property
    def items(self) -> Sequence[Any]: ...

    @property
    def next_link(self) -> str | None: ...


P = TypeVar("P", bound=_Linked)


class Trail:
    """Where a walk has been. Of what it met the hashes alone are kept: a list may have a million pages."""

    def __init__(self, url: str, *, most_empty: int = MOST_EMPTY, most_repeated: int = MOST_REPEATED) -> None:
        self._links, self._firsts = {hash(url)}, set[int]()
        self._most_empty, self._most_repeated = most_empty, most_repeated
        self._empty = self._repeated = 0

    def go(self, url: str, following: str, items: Sequence[Any]) -> None:
        """From a page with these records to the next. Raises Endless when that leads nowhere."""
        if following == url:
            raise _endless("a page names itself as the next one", following)
        if hash(following) in self._links:
            raise _endless(f"page {len(self._links)} leads back to one before it", following)
        self._links.add(hash(following))
        self._count(items)
        if self._empty >= self._most_empty:
            raise _endless(f"{self._empty} empty pages in a row, and still a link to a next one", following)
        if self._repeated >= self._most_repeated:
            raise _endless(f"{self._repeated} pages in a row began as others before them", following)

    def _count(self, items: Sequence[Any]) -> None:
        if not items:
            self._empty += 1
            return
        first = _mark(items[0])
        self._empty, self._repeated = 0, self._repeated + 1 if first in self._firsts else 0
        self._firsts.add(first)


def _mark(item: Any) -> int:
    record = getattr(item, "data", item)  # of a delta's item the record
    return hash(bytes(record)) if isinstance(record, msgspec.Raw) else hash(repr(record))


def _endless(what: str, url: str) -> Endless:
    return Endless(f"the list has no end: {what}", method="GET", url=redaction.address(url))


async def walk(transport: Transport, route: str, url: str, read: Callable[[bytes], P]) -> AsyncIterator[P]:
    """The page at `url` and all that follow. Only a missing link is the end: pages in between may be empty.

    Raises ForeignLink and Endless.
    """
    trail = Trail(url)
    while True:
        page = await transport.fetch(Call("GET", url, route), read)
        yield page
        if not page.next_link:
            return
        following = links.resolve(transport.origin, page.next_link)
        trail.go(url, following, page.items)
        url = following

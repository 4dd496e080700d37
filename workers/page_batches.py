"""Pages of a long walk, several at a time, while the next one is already on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence, Sized
from contextlib import aclosing
from typing import Protocol, TypeVar

from workers.protime import ProtimeError

#: So many records are appended, and noted as done, together: one round trip to the disk serves them all.
RECORDS = 1000
#: At most so many pages wait to be worked on.
PAGES_AHEAD = 16


class _Page(Protocol):
    @property
    def items(self) -> Sized: ...


P = TypeVar("P", bound=_Page)


async def batches(pages: AsyncIterator[P], least: int = RECORDS) -> AsyncGenerator[Sequence[P], None]:
    """Lists of pages with at least so many records (the last one: the rest), in order.

    When Protime fails on the way, what it gave before comes first, and then its error.
    """
    some: list[P] = []
    try:
        async with aclosing(_ahead(pages)) as ahead:
            async for page in ahead:
                some.append(page)
                if sum(len(p.items) for p in some) >= least:
                    yield some
                    some = []
    except ProtimeError:
        if some:
            yield some
        raise
    if some:
        yield some


async def _ahead(pages: AsyncIterator[P]) -> AsyncGenerator[P, None]:
    """The same pages; the next ones are fetched while their predecessors are worked on."""
    fetched: asyncio.Queue[P | Exception | None] = asyncio.Queue(PAGES_AHEAD)
    fetching = asyncio.create_task(_fetch(pages, fetched))
    try:
        while (page := await fetched.get()) is not None:
            if isinstance(page, Exception):
                raise page
            yield page
    finally:
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)


async def _fetch(pages: AsyncIterator[P], fetched: asyncio.Queue[P | Exception | None]) -> None:
    """Whatever ends the walk is handed over like a page, in its turn."""
    try:
        async for page in pages:
            await fetched.put(page)
    except Exception as error:  # noqa: BLE001  # raised where the pages are read
        await fetched.put(error)
    else:
        await fetched.put(None)

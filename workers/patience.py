"""Reading on when Protime cannot answer for a while: how long is waited, and when it is given up.

The one layer that repeats the reads of a long job (a load, a comparison). A pull of a delta and the fetch of one record have their
own: they come again by themselves.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import structlog

from workers.protime import Conflict, NotFound, Page, Resource, Transient
from workers.reading import TenantReading
from workers.retry import delay

log = structlog.get_logger()

#: So many failures in a row, without a step between them, end a job: about five minutes.
ATTEMPTS: Final = 9
#: So often a list begins anew because its paging token expired.
_RESTARTS: Final = 3
_MOST_SECONDS: Final = 60.0
_DICE = random.Random()  # noqa: S311  # spreads retries, guards nothing

Sleep = Callable[[float], Awaitable[object]]


class Patience:
    """`about` is what the log says of the job."""

    def __init__(self, about: dict[str, str], sleep: Sleep = asyncio.sleep, attempts: int = ATTEMPTS) -> None:
        self._about = about
        self._sleep = sleep
        self._most = attempts
        self._attempts = 0

    def got_on(self) -> None:
        """A step was made: the failures before it do not count any more."""
        self._attempts = 0

    async def wait(self, error: Transient) -> None:
        """Until the next try. Raises the error when there were too many."""
        self._attempts += 1
        if self._attempts > self._most:
            raise error
        after, chance = error.retry_after, _DICE.random()
        seconds = delay(self._attempts, least=1, most=_MOST_SECONDS, chance=chance, retry_after=after)
        log.warning("reading waits for Protime", error=str(error), seconds=round(seconds), **self._about)
        await self._sleep(seconds)


async def one(settings: TenantReading, collection: str, number: int, patience: Patience) -> Resource | None:
    """A record as it is now, None when Protime does not know it. Raises `ProtimeError`."""
    references = settings.references.get(collection, [])
    while True:
        try:
            found = await settings.client.get(collection, number, references)
        except NotFound:
            found = None
        except Transient as error:
            await patience.wait(error)
            continue
        patience.got_on()
        return found


async def pages(
    settings: TenantReading, collection: str, where: str | None, patience: Patience
) -> AsyncIterator[Page]:
    """All pages of a list, over failures on the way. Begun anew, it hands out some of them twice. Raises `ProtimeError`."""
    link, restarts = "", 0
    while True:
        try:
            async for page in _from(settings, collection, where, link):
                patience.got_on()
                link = page.next_link or ""
                yield page
        except Transient as error:
            await patience.wait(error)
        except Conflict:
            restarts += 1
            if not link or restarts > _RESTARTS:
                raise
            link = ""
        else:
            return


def _from(settings: TenantReading, collection: str, where: str | None, link: str) -> AsyncIterator[Page]:
    if link:
        return settings.client.list_from(collection, link)
    return settings.client.list(collection, where, settings.references.get(collection, []))

"""What follows when a new webhook accepts: what happened before it is fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from workers.queue import Wake
from workers.reading import TenantReading
from workers.store.owed import Owed


class Subscribed:
    def __init__(self, owed: Owed, settings: Callable[[str], TenantReading], wake: Wake) -> None:
        self._owed = owed
        self._settings = settings
        self._wake = wake

    async def created(self, tenant: str, collection: str, gap: bool) -> None:
        """A kept delta tells what happened; without one, everything is compared, if there was a `gap`."""
        kept = collection in self._settings(tenant).deltas
        if gap and not kept:
            await self._owed.note(tenant, collection)
        send = partial(self._wake.delta, tenant, collection) if kept else partial(self._wake.repair, tenant)
        asyncio.get_running_loop().run_in_executor(None, send)

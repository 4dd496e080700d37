"""The rate limit that all processes of a tenant share."""

from __future__ import annotations

import asyncio
import time

from workers.protime import RateLimited
from workers.store.keys import tenant_key
from workers.store.scripts import Scripts

#: This part of a minute's share may go at once, the rest evenly.
_BURST = 0.1
#: A turn that is further away than this is not waited for: whoever waits keeps a lock, and the others waiting.
PATIENCE_SECONDS = 10.0


class SharedPace:
    """The `RateLimit` of the Protime client: at most `per_minute` requests in any minute, whoever sends them."""

    def __init__(
        self, scripts: Scripts, tenant: str, per_minute: int, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._scripts = scripts
        self._key = tenant_key(tenant, "pace")
        burst = max(1, int(per_minute * _BURST))
        self._interval_ms = 60_000.0 / max(1, per_minute - burst)
        self._ahead_ms = (burst - 1) * self._interval_ms
        self._patience_ms = patience * 1000

    async def acquire(self) -> None:
        """Waits for this request's turn. Raises `RateLimited` when that is too far away, and `RedisError`."""
        args = (time.time() * 1000, self._interval_ms, self._ahead_ms, self._patience_ms)
        wait = await self._scripts.run("pace", (self._key,), *args)
        if wait > self._patience_ms:
            raise RateLimited("not sent: Protime asked to wait", retry_after=wait / 1000)
        if wait:
            await asyncio.sleep(wait / 1000)

    async def pause(self, seconds: float) -> None:
        """Nobody sends for so long: Protime asked for it. Raises `RedisError`."""
        now = time.time() * 1000
        await self._scripts.run("pause", (self._key,), now, now + seconds * 1000)

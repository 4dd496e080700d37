"""The rate limit that all processes of a tenant share."""

from __future__ import annotations

import asyncio
import time

from workers.store.keys import tenant_key
from workers.store.scripts import Scripts

#: This part of a minute's share may go at once, the rest evenly.
_BURST = 0.1


class SharedPace:
    """The `RateLimit` of the Protime client: at most `per_minute` requests in any minute, whoever sends them."""

    def __init__(self, scripts: Scripts, tenant: str, per_minute: int) -> None:
        self._scripts = scripts
        self._key = tenant_key(tenant, "pace")
        burst = max(1, int(per_minute * _BURST))
        self._interval_ms = 60_000.0 / max(1, per_minute - burst)
        self._ahead_ms = (burst - 1) * self._interval_ms

    async def acquire(self) -> None:
        """Waits for this request's turn. Raises `redis.exceptions.RedisError`."""
        now = time.time() * 1000
        wait = await self._scripts.run("pace", (self._key,), now, self._interval_ms, self._ahead_ms)
        if wait:
            await asyncio.sleep(wait / 1000)

    async def pause(self, seconds: float) -> None:
        """Nobody sends for so long: Protime asked for it."""
        until = (time.time() + seconds) * 1000
        await self._scripts.redis.set(self._key, f"{until:.3f}", px=int(seconds * 1000) + 1000)

"""When somebody last worked on a tenant, and in which life of the store: so a store that was brought back is recognized.

One that was restored from a backup has forgotten what came after it, and says so nowhere. But it is in another life, and the
last pulse in it is as old as the backup. A restart that takes no longer than a moment forgets nothing but what was not
acknowledged.
"""

from __future__ import annotations

from contextlib import suppress

import msgspec

from workers import clock
from workers.store import lives
from workers.store.keys import tenant_key
from workers.store.scripts import Scripts

#: A store that was away for longer may have come back older. Each pulse is a few seconds after the one before.
GAP_SECONDS = 60.0


class _Beat(msgspec.Struct):
    """`life`: of the store; `at`: Unix seconds."""

    life: str
    at: float


_DECODER = msgspec.json.Decoder(_Beat)


class Pulse:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts, gap_seconds: float = GAP_SECONDS) -> None:
        self._scripts = scripts
        self._gap = gap_seconds

    async def gap(self, tenant: str) -> float:
        """For how long (seconds) nothing is known of the tenant, 0 when nothing can be missing."""
        value = await self._scripts.redis.get(_key(tenant))
        if value is None:
            return 0.0
        last = _DECODER.decode(value)
        silent = abs(clock.now() - last.at)
        away = last.life != await lives.life(self._scripts.redis)
        return silent if away and silent > self._gap else 0.0

    async def beat(self, tenant: str) -> None:
        life = await lives.life(self._scripts.redis)
        value = msgspec.json.encode(_Beat(life, clock.now()))
        with suppress(lives.SetBack):  # the next one looks first
            await lives.keep(self._scripts, _key(tenant), value, life)


def _key(tenant: str) -> str:
    return tenant_key(tenant, "pulse")

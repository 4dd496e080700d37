"""Collections that are owed a whole look: a gap may have swallowed changes, or nothing was ever loaded."""

from __future__ import annotations

import time
from typing import cast

from workers.store.keys import tenant_key
from workers.store.scripts import Scripts


class Owed:
    """Noted until it is done, over any number of kills. All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def note(self, tenant: str, collection: str) -> None:
        """From now on; a look that began before does not count."""
        await self._scripts.redis.hset(_key(tenant), collection, str(time.time_ns()))

    async def all(self, tenant: str) -> dict[str, bytes]:
        """Collection → stamp, to be handed to `done`."""
        found = cast("dict[bytes, bytes]", await self._scripts.redis.hgetall(_key(tenant)))
        return {name.decode(): stamp for name, stamp in found.items()}

    async def done(self, tenant: str, collection: str, stamp: bytes) -> None:
        """A whole look that began after `stamp` came to its end; one that was noted meanwhile stays."""
        await self._scripts.run("settle", (_key(tenant),), collection, stamp)


def _key(tenant: str) -> str:
    return tenant_key(tenant, "owed")

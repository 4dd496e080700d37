"""Looking over the stored state of a collection, in pages: memory stays flat however much there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from redis.asyncio import Redis

from workers.store.inbox import Inbox, Stored, stored

_PAGE = 1000


class States:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis, inbox: Inbox) -> None:
        self._redis = redis
        self._inbox = inbox

    async def all(self, tenant: str, collection: str) -> AsyncIterator[tuple[int, Stored]]:
        """(id, state) of every record, tombstones included. One that changes meanwhile may come twice or changed."""
        for partition in self._inbox.all(tenant):
            cursor = 0
            while True:
                cursor, found = await self._redis.hscan(partition.state, cursor, f"{collection}/*", _PAGE)
                for resource, value in cast("dict[bytes, bytes]", found).items():
                    yield int(resource.rpartition(b"/")[2]), stored(value)
                if not cursor:
                    break

    async def get(self, tenant: str, resource: str) -> Stored | None:
        partition = self._inbox.partition(tenant, resource)
        value = cast("bytes | None", await self._redis.hget(partition.state, resource))
        return stored(value) if value else None

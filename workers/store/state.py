"""Looking over the stored state of a collection, in pages: memory stays flat however much there is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import cast

from redis.asyncio import Redis

from workers.store.inbox import Inbox, Stored, stored
from workers.store.keys import tenant_key

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

    async def of(self, tenant: str, resources: Iterable[str]) -> dict[str, Stored]:
        """The states of these resources (`collection/id`), in one round trip; unknown ones are left out."""
        asked = list(resources)
        pipe = self._redis.pipeline(transaction=False)
        for resource in asked:
            pipe.hget(self._inbox.partition(tenant, resource).state, resource)
        found = zip(asked, await pipe.execute(), strict=True)
        return {resource: stored(value) for resource, value in found if value}

    async def rejected(self, tenant: str, resources: Iterable[str]) -> dict[str, tuple[str, int]]:
        """Of these resources the version that was rejected last, and when (Unix ms); others are left out."""
        asked = list(resources)
        pipe = self._redis.pipeline(transaction=False)
        for resource in asked:
            pipe.hget(self._inbox.partition(tenant, resource).rejected, resource)
        found = zip(asked, await pipe.execute(), strict=True)
        return {resource: _rejection(value) for resource, value in found if value}

    async def left_out(self, tenant: str, collection: str) -> frozenset[int]:
        """Ids of the records that the last comparison could not see."""
        found = cast("set[bytes]", await self._redis.smembers(_left_out(tenant, collection)))
        return frozenset(map(int, found))

    async def leave_out(self, tenant: str, collection: str, numbers: Iterable[int]) -> None:
        """The last comparison could not see these, and saw all others."""
        some = list(numbers)
        pipe = self._redis.pipeline(transaction=True)
        pipe.delete(_left_out(tenant, collection))
        if some:
            pipe.sadd(_left_out(tenant, collection), *some)
        await pipe.execute()


def _rejection(value: bytes) -> tuple[str, int]:
    version, _, at = value.decode().rpartition(" ")
    return version, int(at)


def _left_out(tenant: str, collection: str) -> str:
    return tenant_key(tenant, f"left-out:{collection}")

"""Which collections Protime refuses to this client, since when, and in which words."""

from __future__ import annotations

import time
from typing import cast

import msgspec
from redis.asyncio import Redis

from workers.store.keys import tenant_key

#: A refusal that nobody met again for so long is no news any more.
_STALE_SECONDS = 900.0


class Stop(msgspec.Struct, frozen=True):
    """Times are Unix seconds: when it was first refused, and last."""

    since: float
    at: float
    error: str


_DECODER = msgspec.json.Decoder(Stop)


class Stops:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def all(self, tenant: str) -> dict[str, Stop]:
        """By collection; `webhooks` stands for the subscriptions of all."""
        found = cast("dict[bytes, bytes]", await self._redis.hgetall(_key(tenant)))
        stops = {name.decode(): _DECODER.decode(value) for name, value in found.items()}
        return {name: stop for name, stop in stops.items() if time.time() - stop.at < _STALE_SECONDS}

    async def put(self, tenant: str, collection: str, error: str) -> bool:
        """True when it is news."""
        known = (await self.all(tenant)).get(collection)
        stop = Stop(known.since if known else time.time(), time.time(), error)
        await self._redis.hset(_key(tenant), collection, msgspec.json.encode(stop))
        return known is None

    async def remove(self, tenant: str, collection: str) -> bool:
        """True when there was one."""
        return bool(await self._redis.hdel(_key(tenant), collection))


def _key(tenant: str) -> str:
    return tenant_key(tenant, "stops")

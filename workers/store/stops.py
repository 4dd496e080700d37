"""Which collections Protime refuses to this client, or have no subscription, since when, and in which words."""

from __future__ import annotations

import time
from typing import cast

import msgspec
from redis.asyncio import Redis

from workers.store.keys import tenant_key

#: A refusal that nobody met again for so long is no news any more.
_STALE_SECONDS = 900.0
#: Behind a collection's name: what stopped is its subscription alone.
_SUBSCRIPTION = "/subscription"
#: The same for the list of all its records.
_WHOLE = "/whole"


class Stop(msgspec.Struct, frozen=True):
    """`since` and `at` are Unix seconds: when it was first refused, and last. It counts for so many seconds from then on."""

    since: float
    at: float
    error: str
    counts: float = _STALE_SECONDS


_DECODER = msgspec.json.Decoder(Stop)


class Stops:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def all(self, tenant: str) -> dict[str, Stop]:
        """By collection; `webhooks` stands for the subscriptions of all."""
        # A refusal of the collection says more than one of a part of it: it comes last.
        found = sorted((await self._read(tenant)).items(), reverse=True)
        return {name.partition("/")[0]: stop for name, stop in found}

    async def get(self, tenant: str, name: str) -> Stop | None:
        return (await self._read(tenant)).get(name)

    async def of_subscriptions(self, tenant: str) -> frozenset[str]:
        """The collections whose subscription stopped."""
        names = await self._read(tenant)
        return frozenset(n.removesuffix(_SUBSCRIPTION) for n in names if n.endswith(_SUBSCRIPTION))

    async def put(
        self, tenant: str, name: str, error: str, *, at_least: float = _STALE_SECONDS
    ) -> Stop | None:
        """What was known of it before. It counts for `at_least` so many seconds, if nobody meets it again."""
        known = (await self._read(tenant)).get(name)
        counts = max(at_least, _STALE_SECONDS)
        stop = Stop(known.since if known else time.time(), time.time(), error, counts)
        await self._redis.hset(_key(tenant), name, msgspec.json.encode(stop))
        return known

    async def remove(self, tenant: str, name: str) -> bool:
        """True when there was one."""
        return bool(await self._redis.hdel(_key(tenant), name))

    async def _read(self, tenant: str) -> dict[str, Stop]:
        found = cast("dict[bytes, bytes]", await self._redis.hgetall(_key(tenant)))
        stops = {name.decode(): _DECODER.decode(value) for name, value in found.items()}
        return {name: stop for name, stop in stops.items() if time.time() - stop.at < stop.counts}


def subscription(collection: str) -> str:
    """The name of the stop of a collection's subscription; that of the collection itself is its own."""
    return f"{collection}{_SUBSCRIPTION}"


def whole(collection: str) -> str:
    """The name of the stop of its loads and comparisons."""
    return f"{collection}{_WHOLE}"


def _key(tenant: str) -> str:
    return tenant_key(tenant, "stops")

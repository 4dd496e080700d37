"""The subscriptions of a tenant as we know them: path token, webhook id at Protime, signing key (encrypted at rest)."""

from __future__ import annotations

from datetime import datetime
from typing import cast

import msgspec
from redis.asyncio import Redis

from workers.store.keys import tenant_key
from workers.store.vault import Vault


class Subscription(msgspec.Struct, frozen=True):
    """`webhook` is empty while the subscription is being created: then its path is known, but no key yet.

    A replaced one stays for a while with `retired_at`: what Protime had under way to it is still accepted.
    """

    collection: str
    token: str
    destination_url: str
    created_at: datetime
    webhook: str = ""
    keys: tuple[str, ...] = ()
    valid_until: datetime | None = None
    retired_at: datetime | None = None


_DECODER = msgspec.json.Decoder(Subscription)


class Subscriptions:
    """All methods raise `redis.exceptions.RedisError`; reading raises `CannotOpen` for another `secret_key`."""

    def __init__(self, redis: Redis, vault: Vault) -> None:
        self._redis = redis
        self._vault = vault

    async def all(self, tenant: str) -> list[Subscription]:
        sealed = cast("dict[bytes, bytes]", await self._redis.hgetall(_key(tenant)))
        return [_DECODER.decode(self._vault.open(value)) for value in sealed.values()]

    async def put(self, tenant: str, subscription: Subscription) -> None:
        sealed = self._vault.seal(msgspec.json.encode(subscription))
        await self._redis.hset(_key(tenant), subscription.token, sealed)

    async def remove(self, tenant: str, token: str) -> None:
        await self._redis.hdel(_key(tenant), token)

    async def trouble(self, tenant: str, *, there_is: bool) -> None:
        """Notes that a check is not, or not yet, at its end."""
        key = tenant_key(tenant, "subscriptions:trouble")
        await (self._redis.set(key, "1") if there_is else self._redis.delete(key))

    async def troubled(self, tenant: str) -> bool:
        return bool(await self._redis.exists(tenant_key(tenant, "subscriptions:trouble")))


def _key(tenant: str) -> str:
    return tenant_key(tenant, "subscriptions")

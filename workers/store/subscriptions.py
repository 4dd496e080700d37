"""The subscriptions of a tenant as we know them: path token, webhook id at Protime, signing key.

A hash in Redis: every value is encrypted, and its field is a digest of the path token. Earlier releases had the token
itself for a field; such a record is read like any other, and moved by the next `put` or `reseal`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import cast

import msgspec
import structlog

from workers.store.keys import tenant_key
from workers.store.scripts import Scripts
from workers.store.vault import Vault

log = structlog.get_logger()


#: Records of earlier releases do not say it; theirs deliver.
_LONG_AGO = datetime.fromtimestamp(0, UTC)


class Subscription(msgspec.Struct, frozen=True):
    """`webhook` is empty while the subscription is being created: then its path is known, but no key yet.

    `delivers_since`: since when it was seen to deliver; None: it does not yet. A replaced one stays for a while with
    `retired_at`: what Protime had under way to it is still accepted. `references`: the (collection, name) pairs that it was
    created with; None in records of earlier releases.
    """

    collection: str
    token: str
    destination_url: str
    created_at: datetime
    webhook: str = ""
    keys: tuple[str, ...] = ()
    valid_until: datetime | None = None
    retired_at: datetime | None = None
    delivers_since: datetime | None = _LONG_AGO
    references: tuple[tuple[str, str], ...] | None = None


_DECODER = msgspec.json.Decoder(Subscription)


class Subscriptions:
    """All methods raise `redis.exceptions.RedisError`; reading raises `CannotOpen` for another `secret_key`."""

    def __init__(self, scripts: Scripts, vault: Vault) -> None:
        self._scripts = scripts
        self._redis = scripts.redis
        self._vault = vault

    async def all(self, tenant: str) -> list[Subscription]:
        records = [record for _, _, record in await self._read(tenant)]
        return list({record.token: record for record in records}.values())

    async def put(self, tenant: str, subscription: Subscription) -> None:
        key, sealed = _key(tenant), self._sealed(subscription)
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.hdel(key, subscription.token)
            pipe.hset(key, _field(subscription.token), sealed)
            await pipe.execute()

    async def remove(self, tenant: str, token: str) -> None:
        await self._redis.hdel(_key(tenant), _field(token), token)

    async def reseal(self, tenant: str) -> int:
        """Encrypts with the `secret_key` of now what a previous one has encrypted; returns how many records that were."""
        moved = 0
        for field, sealed, record in await self._read(tenant):
            proper = _field(record.token)
            if field != proper.encode() or not self._vault.is_current(sealed):
                anew = (field, sealed, proper, self._sealed(record))
                moved += await self._scripts.run("reseal", (_key(tenant),), *anew)
        if moved:
            log.info("stored secrets encrypted anew with secret_key", tenant=tenant, records=moved)
        return moved

    async def _read(self, tenant: str) -> list[tuple[bytes, bytes, Subscription]]:
        """Field, sealed value and record. A token as field was written last where there are both: it comes last."""
        sealed = cast("dict[bytes, bytes]", await self._redis.hgetall(_key(tenant)))
        found = [(field, value, _DECODER.decode(self._vault.open(value))) for field, value in sealed.items()]
        return sorted(found, key=lambda entry: entry[0] == entry[2].token.encode())

    def _sealed(self, subscription: Subscription) -> bytes:
        return self._vault.seal(msgspec.json.encode(subscription))

    async def trouble(self, tenant: str, *, there_is: bool) -> None:
        """Notes that a check is not, or not yet, at its end."""
        key = tenant_key(tenant, "subscriptions:trouble")
        await (self._redis.set(key, "1") if there_is else self._redis.delete(key))

    async def troubled(self, tenant: str) -> bool:
        return bool(await self._redis.exists(tenant_key(tenant, "subscriptions:trouble")))


def _key(tenant: str) -> str:
    return tenant_key(tenant, "subscriptions")


def _field(token: str) -> str:
    """A path token is chance: its digest gives nothing away."""
    return hashlib.sha256(token.encode()).hexdigest()

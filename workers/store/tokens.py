"""The access token that all processes of a tenant share, encrypted at rest."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import cast

import msgspec

from workers.store.keys import tenant_key
from workers.store.scripts import Scripts
from workers.store.vault import CannotOpen, Vault

_LOCK_MS = 20_000
_ASK_SECONDS = 0.05


class SharedToken:
    """The `TokenStore` of the Protime client: a token belongs to one client id and one list of scopes."""

    def __init__(
        self, scripts: Scripts, vault: Vault, tenant: str, client: str, scopes: Iterable[str]
    ) -> None:
        about = hashlib.sha256(" ".join((client, *scopes)).encode()).hexdigest()[:16]
        self._key = tenant_key(tenant, f"token:{about}")
        self._lock_key = f"{self._key}:lock"
        self._scripts = scripts
        self._vault = vault

    async def get(self) -> tuple[str, float] | None:
        sealed = cast("bytes | None", await self._scripts.redis.get(self._key))
        try:
            return msgspec.json.decode(self._vault.open(sealed), type=tuple[str, float]) if sealed else None
        except CannotOpen:
            return None  # sealed with an older secret_key: a new token is asked for

    async def put(self, token: str, expires_at: float) -> None:
        sealed = self._vault.seal(msgspec.json.encode((token, expires_at)))
        life = max(1, int(expires_at - time.time()))
        await self._scripts.redis.set(self._key, sealed, ex=life)

    def lock(self) -> AbstractAsyncContextManager[object]:
        return self._locked()

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        token = uuid.uuid4().hex
        while await self._scripts.run("acquire", (self._lock_key,), token, _LOCK_MS) == 0:  # noqa: ASYNC110
            await asyncio.sleep(_ASK_SECONDS)  # the other one is in another process
        try:
            yield
        finally:
            await self._scripts.run("release", (self._lock_key,), token)

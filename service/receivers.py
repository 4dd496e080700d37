"""Which keys verify which path: the tokens of the configuration (manual mode) and of the store (managed subscriptions)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from service.signatures import Scheme
from workers.config import Config, Tenant
from workers.store.connect import UNAVAILABLE
from workers.store.subscriptions import Subscription, Subscriptions

log = structlog.get_logger()

_REFRESH_SECONDS = 2.0
#: A path nobody knows asks the store at most this often, so guessing paths costs the store nothing.
_ASK_SECONDS = 0.2


@dataclass(frozen=True)
class Receiver:
    """What is behind a path. With no keys, the subscription is being made at this moment: its key is not known yet."""

    tenant: str
    collection: str
    keys: tuple[bytes, ...]
    scheme: Scheme


class Receivers:
    """Path → receiver, kept fresh from the store."""

    def __init__(self, config: Config, subscriptions: Subscriptions) -> None:
        self._tenants = config.tenants
        self._schemes = {name: scheme(tenant) for name, tenant in config.tenants.items()}
        self._subscriptions = subscriptions
        self._manual = self._from_config()
        self._managed: Mapping[str, Receiver] = {}
        self._asked = 0.0
        self._lock = asyncio.Lock()

    def find(self, path: str) -> Receiver | None:
        """`path` is `/webhooks/{tenant}/{collection}/{token}`."""
        return self._manual.get(path) or self._managed.get(path)

    async def find_anew(self, path: str) -> Receiver | None:
        """Asks the store, for a subscription that was made a moment ago. Raises the errors of the store."""
        async with self._lock:
            if time.monotonic() - self._asked >= _ASK_SECONDS:
                await self.refresh()
        return self.find(path)

    async def refresh(self) -> None:
        found = {name: await self._subscriptions.all(name) for name in self._tenants}
        self._managed = {
            _path(name, s.collection, s.token): self._receiver(name, s)
            for name, all_ in found.items()
            for s in all_
        }
        self._asked = time.monotonic()

    async def keep_fresh(self) -> None:
        """Runs for the life of the process."""
        while True:
            try:
                async with self._lock:
                    await self.refresh()
            except UNAVAILABLE as error:
                log.warning("store unreachable, known subscriptions stay", error=str(error))
            await asyncio.sleep(_REFRESH_SECONDS)

    def _receiver(self, tenant: str, subscription: Subscription) -> Receiver:
        scheme_ = self._schemes[tenant]
        keys = tuple(scheme_.key_bytes(key) for key in subscription.keys)
        return Receiver(tenant, subscription.collection, keys, scheme_)

    def _from_config(self) -> dict[str, Receiver]:
        found = {}
        for name, tenant in self._tenants.items():
            for collection, settings in tenant.collections.items():
                if settings.webhook is not None:
                    scheme_ = self._schemes[name]
                    keys = tuple(scheme_.key_bytes(k.get_secret_value()) for k in settings.webhook.keys)
                    token = settings.webhook.token.get_secret_value()
                    found[_path(name, collection, token)] = Receiver(name, collection, keys, scheme_)
        return found


def scheme(tenant: Tenant) -> Scheme:
    """The signature settings of a tenant, in the form in which they are used."""
    s = tenant.signature
    names = (s.header,) if isinstance(s.header, str) else s.header
    headers = tuple(name.lower().encode() for name in names)
    return Scheme(headers, s.algorithm, s.encoding, s.key_encoding)


def _path(tenant: str, collection: str, token: str) -> str:
    return f"/webhooks/{tenant}/{collection}/{token}"

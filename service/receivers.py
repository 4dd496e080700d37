"""Which keys verify which path: the tokens of the configuration (manual mode) and of the store (managed subscriptions)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
import structlog

from service.signatures import Scheme
from workers.config import Config, Tenant
from workers.store.connect import UNAVAILABLE
from workers.store.subscriptions import Subscription, Subscriptions
from workers.store.vault import CannotOpen

log = structlog.get_logger()

_REFRESH_SECONDS = 2.0
#: Unknown paths ask the store at most this often, so guessing paths costs the store nothing.
_ASK_SECONDS = 0.2


@dataclass(frozen=True)
class Receiver:
    """What is behind a path. With no keys, the subscription is being made at this moment: its key is not known yet."""

    tenant: str
    collection: str
    keys: tuple[bytes, ...]
    scheme: Scheme


class CannotSay(Exception):
    """The store does not say whether there is a subscription behind a path (answer 503, not 404)."""


class Receivers:
    """Path → receiver, kept fresh from the store.

    Records that cannot be opened (sealed with another `secret_key`) harm only their tenant: the paths it had before
    stay, and its other paths are answered 503 until the records can be read, so Protime keeps the notifications.
    """

    def __init__(self, config: Config, subscriptions: Subscriptions) -> None:
        self._schemes = {name: scheme(tenant) for name, tenant in config.tenants.items()}
        self._subscriptions = subscriptions
        self._manual = _manual(config, self._schemes)
        self._managed: dict[str, dict[str, Receiver]] = {name: {} for name in config.tenants}
        self._ready: Mapping[str, Receiver] = {}
        self._sealed: set[str] = set()
        self._unusable: set[str] = set()
        self._away = False
        self._asked = 0.0  # when the last question to the store began that has an outcome
        self._lock = asyncio.Lock()

    def find(self, path: str) -> Receiver | None:
        """`path` is `/webhooks/{tenant}/{collection}/{token}`; only receivers that have keys."""
        return self._manual.get(path) or self._ready.get(path)

    async def find_anew(self, path: str) -> Receiver | None:
        """What the store says now, for a subscription that was made a moment ago; None: there is none.

        All who ask at the same time share one question. Raises `CannotSay`.
        """
        called, tenant = time.monotonic(), _tenant_of(path)
        if tenant not in self._managed:
            return None
        async with self._lock:
            if (ready := self.find(path)) is not None:
                return ready
            if self._asked < called:
                await asyncio.sleep(self._asked + _ASK_SECONDS - time.monotonic())
                await self.refresh()
        found = self.find(path) or self._managed[tenant].get(path)
        if found is None and (self._away or tenant in self._sealed):
            raise CannotSay(tenant)
        return found

    async def refresh(self) -> None:
        """Asks the store; what it said before stays when it does not answer."""
        began = time.monotonic()
        try:
            for tenant in self._managed:
                await self._refresh(tenant)
        except UNAVAILABLE as error:
            if not self._away:
                log.warning("store unreachable, known subscriptions stay", error=str(error))
            self._away = True
        else:
            self._away = False
        self._ready = {path: r for known in self._managed.values() for path, r in known.items() if r.keys}
        self._asked = began

    async def keep_fresh(self) -> None:
        """Runs for the life of the process."""
        while True:
            async with self._lock:
                await self.refresh()
            await asyncio.sleep(_REFRESH_SECONDS)

    async def _refresh(self, tenant: str) -> None:
        try:
            subscriptions = await self._subscriptions.all(tenant)
        except (CannotOpen, msgspec.DecodeError) as error:
            if tenant not in self._sealed:
                _complain("subscriptions unreadable, their paths answer 503", error, tenant=tenant)
            self._sealed.add(tenant)
            return
        self._sealed.discard(tenant)
        self._managed[tenant] = {
            _path(tenant, s.collection, s.token): self._receiver(tenant, s) for s in subscriptions
        }

    def _receiver(self, tenant: str, subscription: Subscription) -> Receiver:
        scheme_, collection = self._schemes[tenant], subscription.collection
        try:
            keys = tuple(scheme_.key_bytes(key) for key in subscription.keys)
        except ValueError as error:
            if subscription.token not in self._unusable:
                words = "key unusable, its path answers 503: is signature.key_encoding right?"
                _complain(words, error, tenant=tenant, collection=collection)
            self._unusable.add(subscription.token)
            keys = ()
        return Receiver(tenant, collection, keys, scheme_)


def _complain(words: str, error: Exception, **about: str) -> None:
    log.error(words, error=str(error), **about)


def _manual(config: Config, schemes: Mapping[str, Scheme]) -> dict[str, Receiver]:
    found = {}
    for name, tenant in config.tenants.items():
        for collection, settings in tenant.collections.items():
            if settings.webhook is not None:
                keys = tuple(schemes[name].key_bytes(k.get_secret_value()) for k in settings.webhook.keys)
                path = _path(name, collection, settings.webhook.token.get_secret_value())
                found[path] = Receiver(name, collection, keys, schemes[name])
    return found


def scheme(tenant: Tenant) -> Scheme:
    """The signature settings of a tenant, in the form in which they are used."""
    headers = tuple(name.lower().encode() for name in tenant.signature.headers)
    return Scheme(headers, tenant.signature.algorithm, tenant.signature.key_encoding)


def _path(tenant: str, collection: str, token: str) -> str:
    return f"/webhooks/{tenant}/{collection}/{token}"


def _tenant_of(path: str) -> str:
    return path.removeprefix("/webhooks/").partition("/")[0]

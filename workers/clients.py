"""One Protime client for each tenant of this process, with the settings of the configuration and a shared token."""

from __future__ import annotations

import asyncio
from datetime import date, datetime

import structlog

from workers.config import Config, Tenant
from workers.pauses import Pauses
from workers.protime import (
    ClientCredentials,
    NotFound,
    Pace,
    Protime,
    ProtimeError,
    RateLimit,
    scopes_for,
)
from workers.protime.collections import COLLECTIONS
from workers.reading import TenantReading
from workers.refusals import Refusals, Refused
from workers.store import Store
from workers.store.inbox import Entry
from workers.store.pace import SharedPace
from workers.store.tokens import SharedToken

log = structlog.get_logger()

#: Single resources that are asked for at a time. Some connections are left for lists and deltas; and what waits here
#: costs nothing, while the HTTP library looks at all that waits for a connection whenever one is free.
_AT_ONCE = 16


class Clients:
    def __init__(self, config: Config, store: Store, *, share: bool = True) -> None:
        """Without `share` the store is not asked: for a check of a configuration that does not run yet."""
        self._config = config
        self.refusals = Refusals(store.stops)
        self._tokens = {
            name: _tokens(name, tenant, config, store, share) for name, tenant in config.tenants.items()
        }
        self._clients = {
            name: _client(name, tenant, self._tokens[name], _limit(name, tenant, store, share))
            for name, tenant in config.tenants.items()
        }
        self._pauses = Pauses()
        self._turns = {name: asyncio.Semaphore(_AT_ONCE) for name in config.tenants}

    def of(self, tenant: str) -> Protime:
        return self._clients[tenant]

    async def token(self, tenant: str) -> None:
        """Makes sure there is a token. Raises `AuthenticationFailed` or `Transient`."""
        await self._tokens[tenant].token()

    def missing_scopes(self, tenant: str) -> frozenset[str]:
        """Scopes that the last token of this process was asked for and does not grant."""
        return self._tokens[tenant].missing_scopes

    def reading(self, tenant: str) -> TenantReading:
        """What lists and deltas need of a tenant."""
        settings = self._config.tenants[tenant]
        collections, zone = settings.collections, settings.zone
        return TenantReading(
            client=self._clients[tenant],
            today=lambda: datetime.now(zone).date(),
            since={n: s.since or date.min for n, s in collections.items() if COLLECTIONS[n].dated},
            references={n: s.reference_pairs for n, s in collections.items()},
            deltas=frozenset(
                n for n, s in collections.items() if s.fetch != "resource" and COLLECTIONS[n].delta
            ),
            delta_life=self._config.tenants[tenant].delta_life_seconds,
        )

    async def fetch(self, tenant: str, collection: str, number: int) -> Entry | None:
        """One resource, as an entry without id and origin; deleted when Protime knows it no more; None: try later.

        Raises `Refused`.
        """
        async with self._turns[tenant]:
            return await self._fetch(tenant, collection, number)

    async def _fetch(self, tenant: str, collection: str, number: int) -> Entry | None:
        settings = self._config.tenants[tenant].collections.get(collection)
        # What is configured no more was told of before: there is nothing to ask Protime for, now or later.
        if settings is None or self.refusals.resting(tenant, collection):
            raise Refused
        resource = f"{collection}/{number}"
        if self._pauses.rests(tenant, resource):
            return None
        try:
            found = await self._clients[tenant].get(collection, number, settings.reference_pairs)
            entry = Entry("", resource, found.version, deleted=False, origin="", data=found.body)
        except NotFound:
            entry = Entry("", resource, "", deleted=True, origin="", data=b"")
        except ProtimeError as error:
            if await self.refusals.met(tenant, collection, error):
                raise Refused from None
            self._pauses.failed(tenant, resource, error)
            log.warning(
                "resource not fetched", tenant=tenant, collection=collection, id=number, error=str(error)
            )
            return None
        self._pauses.answered(tenant, resource)
        if not entry.deleted:
            await self.refusals.over(tenant, collection)
        return entry

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()
        for tokens in self._tokens.values():
            await tokens.close()


def _tokens(name: str, tenant: Tenant, config: Config, store: Store, share: bool) -> ClientCredentials:
    scopes = scopes_for(tenant.collections, manage_webhooks=config.subscriptions.manage)
    shared = SharedToken(store.scripts, store.vault, name, tenant.client_id, scopes)
    return ClientCredentials(
        tenant.auth_url,
        name,
        tenant.client_id,
        tenant.client_secret.get_secret_value(),
        scopes,
        user_agent=tenant.user_agent,
        # Without a secret_key nothing can be encrypted at rest: then each process has a token of its own.
        store=shared if share and config.secret_key else None,
    )


def _limit(name: str, tenant: Tenant, store: Store, share: bool) -> RateLimit:
    per_minute = tenant.requests_per_minute
    return SharedPace(store.scripts, name, per_minute) if share else Pace(per_minute)


def _client(name: str, tenant: Tenant, tokens: ClientCredentials, limit: RateLimit) -> Protime:
    return Protime(
        tenant.base_url,
        name,
        tenant.user_agent,
        tokens,
        limit=limit,
        webhook_key_names=tenant.webhook_key_names,
    )

"""The life of subscriptions: whatever the configuration wants is created, renewed in time, and nothing else is left behind."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from workers import clock
from workers.config import Config
from workers.protime import Protime, ProtimeError
from workers.refusals import Refusals
from workers.store.keys import tenant_key
from workers.store.leases import Leases
from workers.store.subscriptions import Subscription, Subscriptions
from workers.subscription_check import Check, Created
from workers.subscription_survey import Survey, Wanted, ours

log = structlog.get_logger()

#: Under this name a refusal of webhooks altogether is reported.
WEBHOOKS = "webhooks"


class CheckUnderWay(Exception):
    """Another process looks after the tenant's subscriptions at this moment."""


class SubscriptionKeeper:
    def __init__(
        self,
        config: Config,
        stored: Subscriptions,
        leases: Leases,
        refusals: Refusals,
        client: Callable[[str], Protime],
        created: Created,
    ) -> None:
        """`created(tenant, collection, gap)` is called when a new webhook accepts, and before any old one is deleted.

        `gap`: no other one delivered until now, so what happened before is to be fetched.
        """
        self._config = config
        self._stored = stored
        self._leases = leases
        self._refusals = refusals
        self._client = client
        self._created = created

    async def check(self, tenant: str, *, again: bool = False) -> None:
        """Compares Protime's webhooks with the configuration and mends the difference. One process at a time.

        With `again`, only if the last check did not come to its end; what only a person can mend is not tried then.
        """
        if not self._config.subscriptions.manage or (again and not await self._stored.troubled(tenant)):
            return
        lease = await self._leases.acquire(tenant_key(tenant, "subscriptions:lock"))
        if lease is None:
            return
        try:
            await self._stored.trouble(tenant, there_is=True)
            await self._stored.reseal(tenant)
            settled = await self._check(tenant, again=again)
            await self._stored.trouble(tenant, there_is=not settled)
            await self._refusals.over(tenant, WEBHOOKS)
        except ProtimeError as error:
            if await self._refusals.met(tenant, WEBHOOKS, error):
                await self._stored.trouble(tenant, there_is=False)  # the next regular check is soon enough
            else:
                log.warning("subscriptions not checked", tenant=tenant, error=str(error))
        finally:
            await self._leases.release(lease)

    async def renew(self, tenant: str, collection: str) -> Subscription:
        """Another webhook for a collection. The one it has stays as it is until the new one delivers; a check deletes it.

        Raises `CheckUnderWay`, and ProtimeError when there is no new one: then nothing has changed.
        """
        lease = await self._leases.acquire(tenant_key(tenant, "subscriptions:lock"))
        if lease is None:
            raise CheckUnderWay(tenant)
        try:
            check = await self._begun(tenant, anew=frozenset({collection}))
            settled = await check.run()
            if not settled:
                await self._stored.trouble(tenant, there_is=True)
        finally:
            await self._leases.release(lease)
        found = check.found[collection]
        if isinstance(found, ProtimeError):
            raise found
        return found

    async def _check(self, tenant: str, *, again: bool) -> bool:
        return await (await self._begun(tenant, again=again)).run()

    async def _begun(self, tenant: str, *, again: bool = False, anew: frozenset[str] = frozenset()) -> Check:
        client, stopped = self._client(tenant), await self._refusals.without_subscription(tenant)
        survey = await self._survey(tenant, client, anew)
        parts = (tenant, survey, client, self._stored, self._refusals, self._created)
        return Check(*parts, stopped=stopped, resting=stopped if again else ())

    async def _survey(self, tenant: str, client: Protime, anew: frozenset[str]) -> Survey:
        wanted, listed = self._wanted(tenant), await client.list_webhooks()
        records = await self._stored.all(tenant)
        return Survey(wanted, records, ours(wanted.prefix, records, listed), clock.moment(), anew)

    def _wanted(self, tenant: str) -> Wanted:
        collections, settings = self._config.tenants[tenant].collections, self._config.subscriptions
        return Wanted(
            prefix=destinations(self._config, tenant),
            references={name: collection.reference_pairs for name, collection in collections.items()},
            renew_at=settings.renew_at,
            check_seconds=settings.check_seconds,
        )


def destinations(config: Config, tenant: str) -> str:
    """How the destinations of new webhooks begin."""
    return f"{config.public_url.rstrip('/')}/webhooks/{tenant}/"

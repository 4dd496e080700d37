"""The life of subscriptions: whatever the configuration wants is created, renewed in time, and nothing else is left behind.

A webhook cannot be extended, so the new one is created and accepting before the old one is deleted. A record with the
path is stored before Protime is asked, the key behind it as soon as it is known.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from workers.config import Config
from workers.protime import Protime, ProtimeError, Webhook
from workers.store.keys import tenant_key
from workers.store.leases import Leases
from workers.store.subscriptions import Subscription, Subscriptions

log = structlog.get_logger()

#: A record without a webhook for so long was left behind by a killed process.
_PENDING = timedelta(minutes=2)
#: A replaced webhook lives on for so long, or until the next check when checks are closer together: deleted at once, it
#: would take to its grave what Protime is about to send by it (protime-api §8.9: the old one is deleted last).
_OVERLAP_SECONDS = 60.0
#: Protime repeats a delivery for about 28 hours (protime-api CHOICE-35).
_RETIRED = timedelta(hours=30)


class SubscriptionKeeper:
    def __init__(
        self,
        config: Config,
        stored: Subscriptions,
        leases: Leases,
        client: Callable[[str], Protime],
        created: Callable[[str, str], None],
    ) -> None:
        """`created(tenant, collection)` is called when a new webhook accepts: what happened before it is to be fetched."""
        self._config = config
        self._stored = stored
        self._leases = leases
        self._client = client
        self._created = created

    async def check(self, tenant: str, *, again: bool = False) -> None:
        """Compares Protime's webhooks with the configuration and mends the difference. One process at a time.

        With `again`, only if the last check did not come to its end.
        """
        if not self._config.subscriptions.manage or (again and not await self._stored.troubled(tenant)):
            return
        lease = await self._leases.acquire(tenant_key(tenant, "subscriptions:lock"))
        if lease is None:
            return
        try:
            await self._stored.trouble(tenant, there_is=True)
            await self._check(tenant)
            await self._stored.trouble(tenant, there_is=False)
        except ProtimeError as error:
            log.warning("subscriptions not checked", tenant=tenant, error=str(error))
        finally:
            await self._leases.release(lease)

    async def _check(self, tenant: str) -> None:
        client = self._client(tenant)
        prefix = ours(self._config, tenant)
        mine = {w.id: w for w in await client.list_webhooks() if w.destination_url.startswith(prefix)}
        stored = await self._stored.all(tenant)
        current = {
            collection: await self._current(tenant, collection, stored, mine)
            for collection in self._config.tenants[tenant].collections
        }
        await self._tidy(tenant, stored, mine, current)

    async def _current(
        self, tenant: str, collection: str, stored: list[Subscription], mine: dict[str, Webhook]
    ) -> Subscription:
        """The subscription in force: the newest that still has a good part of its life before it, or a new one."""
        good = [s for s in stored if s.collection == collection and self._good(s, mine.get(s.webhook))]
        if good:
            return max(good, key=lambda s: s.created_at)
        subscription = await self._create(tenant, collection)
        log.info("subscription created", tenant=tenant, collection=collection, webhook=subscription.webhook)
        self._created(tenant, collection)
        return subscription

    def _good(self, subscription: Subscription, webhook: Webhook | None) -> bool:
        if webhook is None or webhook.status != "Enabled" or not subscription.keys or subscription.retired_at:
            return False
        return due(subscription, self._config.subscriptions.renew_at) > datetime.now(UTC)

    async def _create(self, tenant: str, collection: str) -> Subscription:
        token = secrets.token_urlsafe(24)
        url = f"{ours(self._config, tenant)}{collection}/{token}"
        pending = Subscription(collection, token, url, datetime.now(UTC))
        await self._stored.put(tenant, pending)
        references = self._config.tenants[tenant].collections[collection].reference_pairs
        made = await self._client(tenant).create_webhook(url, collection, references)
        subscription = Subscription(
            collection, token, url, pending.created_at, made.id, (made.key,), made.valid_until
        )
        await self._stored.put(tenant, subscription)
        return subscription

    async def _tidy(
        self,
        tenant: str,
        stored: list[Subscription],
        mine: dict[str, Webhook],
        current: dict[str, Subscription],
    ) -> None:
        """Deletes webhooks that were replaced, and those of ours that no record knows (a crash lost their key)."""
        now = datetime.now(UTC)
        known = {s.webhook: s for s in stored}
        for webhook in mine.values():
            if self._over(webhook, known.get(webhook.id), current, now):
                await self._client(tenant).delete_webhook(webhook.id)
                log.info("subscription deleted", tenant=tenant, webhook=webhook.id)
        in_force = {s.token for s in current.values()}
        for subscription in stored:
            if subscription.token not in in_force:
                await self._retire(tenant, subscription, now)

    def _over(
        self,
        webhook: Webhook,
        subscription: Subscription | None,
        current: dict[str, Subscription],
        now: datetime,
    ) -> bool:
        """Whether a webhook is of no use any more. One that was replaced and still delivers overlaps its replacement."""
        if subscription is None or subscription.collection not in current or webhook.status != "Enabled":
            return True
        if subscription.token == current[subscription.collection].token:
            return False
        overlap = timedelta(seconds=min(_OVERLAP_SECONDS, self._config.subscriptions.check_seconds))
        return subscription.retired_at is not None and now - subscription.retired_at >= overlap

    async def _retire(self, tenant: str, subscription: Subscription, now: datetime) -> None:
        """A replaced path goes on accepting what was under way to it, for as long as Protime may repeat it."""
        if not subscription.keys:
            if now - subscription.created_at > _PENDING:
                await self._stored.remove(tenant, subscription.token)
        elif subscription.retired_at is None:
            await self._stored.put(tenant, msgspec.structs.replace(subscription, retired_at=now))
        elif now - subscription.retired_at > _RETIRED:
            await self._stored.remove(tenant, subscription.token)


def ours(config: Config, tenant: str) -> str:
    """How the destinations of our own webhooks begin; all others are somebody else's."""
    return f"{config.public_url.rstrip('/')}/webhooks/{tenant}/"


def due(subscription: Subscription, renew_at: float) -> datetime:
    """When a subscription is to be replaced: at this part of its life."""
    if subscription.valid_until is None:
        return datetime.max.replace(tzinfo=UTC)
    life = subscription.valid_until - subscription.created_at
    return subscription.created_at + life * renew_at

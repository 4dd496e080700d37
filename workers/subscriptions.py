"""The life of subscriptions: whatever the configuration wants is created, renewed in time, and nothing else is left behind.

A webhook cannot be extended, so the new one is created and accepting before the old one is deleted. A record with the
path is stored before Protime is asked, the key behind it as soon as it is known.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from workers.config import Config
from workers.protime import Invalid, PermissionDenied, Protime, ProtimeError, Webhook
from workers.refusals import Refusals
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
#: Under this name a refusal of webhooks altogether is reported.
WEBHOOKS = "webhooks"


class SubscriptionKeeper:
    def __init__(
        self,
        config: Config,
        stored: Subscriptions,
        leases: Leases,
        refusals: Refusals,
        client: Callable[[str], Protime],
        created: Callable[[str, str, bool], Awaitable[None]],
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

        With `again`, only if the last check did not come to its end.
        """
        if not self._config.subscriptions.manage or (again and not await self._stored.troubled(tenant)):
            return
        lease = await self._leases.acquire(tenant_key(tenant, "subscriptions:lock"))
        if lease is None:
            return
        try:
            await self._stored.trouble(tenant, there_is=True)
            await self._stored.reseal(tenant)
            await self._check(tenant)
            await self._stored.trouble(tenant, there_is=False)
            await self._refusals.over(tenant, WEBHOOKS)
        except ProtimeError as error:
            if await self._refusals.met(tenant, WEBHOOKS, error):
                await self._stored.trouble(tenant, there_is=False)  # the next regular check is soon enough
            else:
                log.warning("subscriptions not checked", tenant=tenant, error=str(error))
        finally:
            await self._leases.release(lease)

    async def _check(self, tenant: str) -> None:
        client = self._client(tenant)
        prefix = ours(self._config, tenant)
        mine = {w.id: w for w in await client.list_webhooks() if w.destination_url.startswith(prefix)}
        stored = await self._stored.all(tenant)
        current = {
            collection: await self._current_or_refused(tenant, collection, stored, mine)
            for collection in self._config.tenants[tenant].collections
        }
        await self._tidy(tenant, stored, mine, current)

    async def _current_or_refused(
        self, tenant: str, collection: str, stored: list[Subscription], mine: dict[str, Webhook]
    ) -> Subscription | None:
        """None when Protime refuses this collection: the others go on, and what it has stays as it is."""
        try:
            current = await self._current(tenant, collection, stored, mine)
        except PermissionDenied as error:
            await self._refusals.met(tenant, collection, error)
            return None
        except Invalid as error:
            # Its words say all; where it was raised does not help.
            log.error("subscription refused", tenant=tenant, collection=collection, error=str(error))  # noqa: TRY400
            return None
        return current

    async def _current(
        self, tenant: str, collection: str, stored: list[Subscription], mine: dict[str, Webhook]
    ) -> Subscription:
        """The subscription in force: the newest that still has a good part of its life before it, or a new one."""
        good = [s for s in stored if s.collection == collection and self._good(s, mine.get(s.webhook))]
        if good:
            return max(good, key=lambda s: s.created_at)
        subscription = await self._create(tenant, collection)
        log.info("subscription created", tenant=tenant, collection=collection, webhook=subscription.webhook)
        delivers = [s for s in stored if s.collection == collection and _delivers(s, mine.get(s.webhook))]
        await self._created(tenant, collection, not delivers)
        return subscription

    def _good(self, subscription: Subscription, webhook: Webhook | None) -> bool:
        if webhook is None or not _delivers(subscription, webhook) or subscription.retired_at:
            return False
        # What Protime says now counts, not what it said when the webhook was made.
        until = webhook.valid_until or subscription.valid_until
        return due(subscription.created_at, until, self._config.subscriptions.renew_at) > datetime.now(UTC)

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
        current: dict[str, Subscription | None],
    ) -> None:
        """Deletes webhooks that were replaced, and those of ours that no record knows (a crash lost their key)."""
        now = datetime.now(UTC)
        known = {s.webhook: s for s in stored}
        for webhook in mine.values():
            if self._over(webhook, known.get(webhook.id), current, now):
                await self._client(tenant).delete_webhook(webhook.id)
                log.info("subscription deleted", tenant=tenant, webhook=webhook.id)
        in_force = {s.token for s in current.values() if s is not None}
        refused = {collection for collection, s in current.items() if s is None}
        for subscription in stored:
            if subscription.token not in in_force and subscription.collection not in refused:
                await self._retire(tenant, subscription, now)

    def _over(
        self,
        webhook: Webhook,
        subscription: Subscription | None,
        current: dict[str, Subscription | None],
        now: datetime,
    ) -> bool:
        """Whether a webhook is of no use any more. One that was replaced and still delivers overlaps its replacement."""
        if subscription is None or subscription.collection not in current or webhook.status != "Enabled":
            return True
        in_force = current[subscription.collection]
        if in_force is None or subscription.token == in_force.token:
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


def _delivers(subscription: Subscription, webhook: Webhook | None) -> bool:
    return webhook is not None and webhook.status == "Enabled" and bool(subscription.keys)


def ours(config: Config, tenant: str) -> str:
    """How the destinations of our own webhooks begin; all others are somebody else's."""
    return f"{config.public_url.rstrip('/')}/webhooks/{tenant}/"


def due(created_at: datetime, valid_until: datetime | None, renew_at: float) -> datetime:
    """When a subscription is to be replaced: at this part of its life."""
    if valid_until is None:
        return datetime.max.replace(tzinfo=UTC)
    return created_at + (valid_until - created_at) * renew_at

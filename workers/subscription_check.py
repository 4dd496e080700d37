"""One check of a tenant's subscriptions: whatever is wanted is created, and what is of no use any more goes.

A collection that fails keeps neither the others from their subscription, nor the tidying from its work. A record with the
path is stored before Protime is asked, the key behind it as soon as it is known.
"""

from __future__ import annotations

import dataclasses
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection

import msgspec
import structlog

from workers import clock
from workers.protime import (
    AuthenticationFailed,
    CreatedWebhook,
    Gone,
    Invalid,
    KeyMissing,
    NotFound,
    PermissionDenied,
    Protime,
    ProtimeError,
    Transient,
    Unconfirmed,
    Webhook,
)
from workers.refusals import Refusals
from workers.store.subscriptions import Subscription, Subscriptions
from workers.subscription_survey import Survey

log = structlog.get_logger()

#: Answers that stay the same until somebody changes something: the next regular check is soon enough.
_FINAL = (PermissionDenied, Invalid, NotFound, Gone, KeyMissing)

Created = Callable[[str, str, bool], Awaitable[None]]


class Check:
    """`stopped`: collections whose subscription stopped; of those, `resting` are not tried this time."""

    def __init__(
        self,
        tenant: str,
        survey: Survey,
        client: Protime,
        stored: Subscriptions,
        refusals: Refusals,
        created: Created,
        *,
        stopped: Collection[str] = (),
        resting: Collection[str] = (),
    ) -> None:
        self._tenant = tenant
        self._survey = survey
        self._client = client
        self._stored = stored
        self._refusals = refusals
        self._created = created
        self._stopped = stopped
        self._resting = resting
        #: What became of each collection: its subscription in force, or why it has got none.
        self.found: dict[str, Subscription | ProtimeError] = {}
        self._deleted: set[str] = set()
        self._settled = True

    async def run(self) -> bool:
        """Whether it came to its end; else it is to be repeated soon.

        Raises what concerns all collections alike: AuthenticationFailed, and PermissionDenied for a deletion.
        """
        in_force = {name: await self._in_force(name) for name in self._survey.wanted.references}
        survey = self._survey_now()
        for record in survey.records:
            await self._keep(record, survey.later(record, in_force))
        for webhook in survey.over(in_force):
            await self._tidy(webhook)
        return self._settled

    async def _in_force(self, collection: str) -> Subscription | None:
        found = self._survey.in_force(collection)
        if found is None and collection in self._resting:
            return None
        try:
            current = await (self._found(found) if found else self._made(collection))
        except AuthenticationFailed:
            raise
        except ProtimeError as error:
            self.found[collection] = error
            await self._without(collection, error)
            return None
        self.found[collection] = current
        if collection in self._stopped:
            await self._refusals.subscribed(self._tenant, collection)
        return current

    async def _without(self, collection: str, error: ProtimeError) -> None:
        """There is no new one. Whoever wanted another one beside one that is good hears of it by `found` alone."""
        if collection in self._survey.anew:
            return
        if isinstance(error, _FINAL):
            check_seconds = self._survey.wanted.check_seconds
            await self._refusals.unsubscribed(self._tenant, collection, error, check_seconds)
            return
        self._settled = False
        log.warning("subscription not created", tenant=self._tenant, collection=collection, error=str(error))

    async def _found(self, subscription: Subscription) -> Subscription:
        return await self._seen(subscription, self._survey.webhooks[subscription.webhook])

    async def _made(self, collection: str) -> Subscription:
        """A new one. Orphans go first: each lost answer would leave one more that delivers in vain."""
        for orphan in self._survey.orphans(collection):
            await self._delete(orphan)
        pending = self._pending(collection)
        await self._stored.put(self._tenant, pending)
        made = await self._asked(pending)
        subscription = msgspec.structs.replace(
            pending, webhook=made.id, keys=(made.key,), valid_until=made.valid_until
        )
        await self._stored.put(self._tenant, subscription)
        log.info("subscription created", tenant=self._tenant, collection=collection, webhook=made.id)
        return await self._seen(subscription, made.webhook, new=True)

    def _pending(self, collection: str) -> Subscription:
        token = secrets.token_urlsafe(24)
        url = f"{self._survey.wanted.prefix}{collection}/{token}"
        references = self._survey.references(collection)
        return Subscription(
            collection, token, url, clock.moment(), delivers_since=None, references=references
        )

    async def _asked(self, pending: Subscription) -> CreatedWebhook:
        """Protime's answer to the creation. A path that leads nowhere for certain is forgotten at once."""
        references = self._survey.wanted.references[pending.collection]
        try:
            return await self._client.create_webhook(pending.destination_url, pending.collection, references)
        except ProtimeError as error:
            if not isinstance(error, Unconfirmed):
                await self._stored.remove(self._tenant, pending.token)
            raise

    async def _seen(self, subscription: Subscription, webhook: Webhook, *, new: bool = False) -> Subscription:
        """Notes since when it delivers, and calls `created` then; for one that is new in any case."""
        survey = self._survey_now()
        seen = survey.seen(subscription, webhook)
        if new or (seen.delivers_since and not subscription.delivers_since):
            gap = not survey.delivered(seen.collection, but=seen)
            await self._created(self._tenant, seen.collection, gap)
        if seen != subscription:
            await self._stored.put(self._tenant, seen)
        if seen.delivers_since is None:
            self._await(seen, webhook, soon=survey.young(seen))
        return seen

    def _await(self, subscription: Subscription, webhook: Webhook, *, soon: bool) -> None:
        """It will deliver soon; if it does not, it is looked at with every regular check."""
        self._settled = self._settled and not soon
        log.log(
            logging.INFO if soon else logging.WARNING,
            "subscription does not deliver yet",
            tenant=self._tenant,
            collection=subscription.collection,
            webhook=webhook.id,
            status=webhook.status,
        )

    def _survey_now(self) -> Survey:
        """The same at this moment: Protime may have taken its time."""
        return dataclasses.replace(self._survey, now=clock.moment())

    async def _keep(self, record: Subscription, later: Subscription | None) -> None:
        if later is None:
            await self._stored.remove(self._tenant, record.token)
        elif later is not record:
            await self._stored.put(self._tenant, later)

    async def _tidy(self, webhook: Webhook) -> None:
        """One that cannot be deleted now keeps nobody from being deleted."""
        try:
            await self._delete(webhook)
        except (AuthenticationFailed, PermissionDenied):
            raise
        except ProtimeError as error:
            self._settled = self._settled and not isinstance(error, Transient)
            log.warning("subscription not deleted", tenant=self._tenant, webhook=webhook.id, error=str(error))

    async def _delete(self, webhook: Webhook) -> None:
        if webhook.id in self._deleted:
            return
        await self._client.delete_webhook(webhook.id)
        self._deleted.add(webhook.id)
        log.info("subscription deleted", tenant=self._tenant, webhook=webhook.id)

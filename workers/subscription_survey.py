"""What a check of a tenant's subscriptions has before it, and what follows from that. Pure.

A webhook cannot be extended, so it is replaced: the new one accepts before the old one is deleted (protime-api §8.9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from workers.protime import Webhook
from workers.store.subscriptions import Subscription

#: A record without a webhook for so long was left behind: by a killed process, or by a creation whose answer was lost.
PENDING = timedelta(minutes=2)
#: A replaced webhook lives on for so long, or until the next check when checks are closer together: deleted at once, it
#: would take to its grave what Protime is about to send by it (protime-api §8.9: the old one is deleted last).
OVERLAP_SECONDS = 60.0
#: Protime repeats a delivery for about 28 hours (protime-api CHOICE-35).
RETIRED = timedelta(hours=30)

#: Collection → the subscription in force; None: there is none now, and what the collection has stays as it is.
InForce = Mapping[str, Subscription | None]


@dataclass(frozen=True)
class Wanted:
    """What the configuration says. `prefix` begins our destinations; `references` are pairs, by collection."""

    prefix: str
    references: Mapping[str, Sequence[tuple[str, str]]]
    renew_at: float
    check_seconds: float


@dataclass(frozen=True)
class Survey:
    """`records` are ours, `webhooks` those at Protime that are ours, by id; both as they were `now`.

    `anew`: collections that are to get another webhook, however good the one is that they have.
    """

    wanted: Wanted
    records: Sequence[Subscription]
    webhooks: Mapping[str, Webhook]
    now: datetime
    anew: frozenset[str] = frozenset()

    def in_force(self, collection: str) -> Subscription | None:
        """The newest that still has a good part of its life before it. It may not deliver yet."""
        if collection in self.anew:
            return None
        good = [s for s in self._of(collection) if self._good(s)]
        return max(good, key=lambda s: s.created_at, default=None)

    def seen(self, subscription: Subscription, webhook: Webhook) -> Subscription:
        """The record with what is to be seen of its webhook. An earlier release's is taken for what is wanted now."""
        delivers = webhook.enabled and webhook.lives(self.now)
        since = (subscription.delivers_since or self.now) if delivers else None
        references = subscription.references
        if references is None:
            references = self.references(subscription.collection)
        return msgspec.structs.replace(subscription, delivers_since=since, references=references)

    def references(self, collection: str) -> tuple[tuple[str, str], ...]:
        """What is wanted, in the form in which it is stored: the order does not matter."""
        return tuple(sorted(set(self.wanted.references[collection])))

    def young(self, subscription: Subscription) -> bool:
        return self.now - subscription.created_at <= PENDING

    def delivered(self, collection: str, but: Subscription) -> bool:
        """Whether any other webhook told what happened until now. Of one that leads elsewhere nobody knows what arrived."""
        others = (s for s in self._of(collection) if s.token != but.token and self._leads_here(s))
        return any(self._lives(s) and self.webhooks[s.webhook].enabled for s in others)

    def orphans(self, collection: str) -> list[Webhook]:
        """Webhooks of ours that deliver what nobody can verify: the key was lost with an answer, or with a process."""
        start = f"{self.wanted.prefix}{collection}/"
        mine = (w for w in self.webhooks.values() if w.destination_url.startswith(start))
        return [w for w in mine if not w.disabled and self._record(w) is None]

    def over(self, in_force: InForce) -> list[Webhook]:
        """The webhooks that are of no use any more."""
        return [w for w in self.webhooks.values() if self._over(w, in_force)]

    def later(self, record: Subscription, in_force: InForce) -> Subscription | None:
        """What becomes of a record; None: it is removed.

        A replaced path goes on accepting what was under way to it, for as long as Protime may repeat it.
        """
        if not record.keys:
            return record if self.young(record) else None
        if record.retired_at is not None:
            return record if self._lives(record) or self.now - record.retired_at <= RETIRED else None
        if record.collection in self.wanted.references and self._successor(record, in_force) is None:
            return record
        return msgspec.structs.replace(record, retired_at=self.now)

    def _of(self, collection: str) -> list[Subscription]:
        return [s for s in self.records if s.collection == collection]

    def _good(self, subscription: Subscription) -> bool:
        webhook = self.webhooks.get(subscription.webhook)
        if webhook is None or not self._lives(subscription) or subscription.retired_at:
            return False
        if not self._leads_here(subscription) or not self._refers(subscription):
            return False
        # What Protime says now counts, not what it said when the webhook was made.
        until = webhook.valid_until or subscription.valid_until
        return due(subscription.created_at, until, self.wanted.renew_at) > self.now

    def _lives(self, subscription: Subscription) -> bool:
        webhook = self.webhooks.get(subscription.webhook)
        return webhook is not None and webhook.lives(self.now) and bool(subscription.keys)

    def _leads_here(self, subscription: Subscription) -> bool:
        """It does not when public_url was another one at its creation."""
        return subscription.destination_url.startswith(self.wanted.prefix)

    def _refers(self, subscription: Subscription) -> bool:
        """Whether its payloads carry the external references that are wanted."""
        made_with = subscription.references
        return made_with is None or made_with == self.references(subscription.collection)

    def _record(self, webhook: Webhook) -> Subscription | None:
        """The record with its key; None for an orphan."""
        return next((s for s in self.records if s.webhook == webhook.id and s.keys), None)

    def _over(self, webhook: Webhook, in_force: InForce) -> bool:
        """One that was replaced and still may deliver overlaps its replacement, from when that one delivers."""
        record = self._record(webhook)
        if record is None or webhook.disabled or record.collection not in self.wanted.references:
            return True
        successor = self._successor(record, in_force)
        if record.retired_at is None or successor is None or successor.delivers_since is None:
            return False
        overlap = timedelta(seconds=min(OVERLAP_SECONDS, self.wanted.check_seconds))
        return self.now - max(record.retired_at, successor.delivers_since) >= overlap

    def _successor(self, record: Subscription, in_force: InForce) -> Subscription | None:
        """What delivers in its place."""
        current = in_force.get(record.collection)
        if current is None or current.token == record.token or current.delivers_since is None:
            return None
        return current


def ours(prefix: str, records: Sequence[Subscription], webhooks: Iterable[Webhook]) -> dict[str, Webhook]:
    """By id, those that lead to us: where we are, or where we were when we made them. All others are somebody else's."""
    ids, urls = {s.webhook for s in records}, {s.destination_url for s in records}
    return {
        w.id: w
        for w in webhooks
        if w.destination_url.startswith(prefix) or w.id in ids or w.destination_url in urls
    }


def due(created_at: datetime, valid_until: datetime | None, renew_at: float) -> datetime:
    """When a subscription is to be replaced: at this part of its life."""
    if valid_until is None:
        return datetime.max.replace(tzinfo=UTC)
    return created_at + (valid_until - created_at) * renew_at

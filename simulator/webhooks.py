"""Webhook subscriptions: creation, validity, soft deletion, and what became of their events."""

from __future__ import annotations

import base64
import random
import uuid
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from simulator.lapse import Lapse
from simulator.references import Wanted
from simulator.settings import Settings


@dataclass(slots=True)
class Attempt:
    sent_at: float
    status: int | None
    seconds: float
    error: str | None


@dataclass(slots=True)
class Event:
    """One event for one webhook: what is sent, and how that went."""

    id: str
    collection: str
    change: str
    resource_id: int | str
    created_at: float
    payload: bytes
    status: str = "Pending"  # Pending, Delivered, Retrying, Dropped, Failed
    attempts: list[Attempt] = field(default_factory=list)


@dataclass(slots=True)
class Webhook:
    id: str
    key: str
    collection: str
    destination: str
    created_at: float
    valid_until: float
    wanted: Wanted
    events: deque[Event]
    enabled_at: float
    first_status: str  # until then
    ended_at: float | None = None  # deleted, or Disabled before its validity was over
    deleted: bool = False

    def active(self, now: float) -> bool:
        """Whether it delivers. All its times are the tenant's seconds."""
        return self.over(now) is None and now >= self.enabled_at

    def status(self, now: float) -> str:
        if self.over(now) is not None:
            return "Disabled"
        return "Enabled" if now >= self.enabled_at else self.first_status

    def over(self, now: float) -> float | None:
        """When it ceased to deliver, if it did."""
        if self.ended_at is not None:
            return min(self.ended_at, self.valid_until)
        return self.valid_until if self.valid_until <= now else None

    def end(self, now: float, *, deleted: bool = False) -> None:
        """It delivers no more; the first end is the one that counts."""
        self.ended_at = now if self.ended_at is None else self.ended_at
        self.deleted = self.deleted or deleted


class Webhooks:
    """The registry. Randomness is the simulator's own and seeded, so ids and keys repeat."""

    def __init__(self, seed: int, zone: ZoneInfo, lapse: Lapse) -> None:
        self.known: dict[str, Webhook] = {}
        self.zone = zone
        self.lapse = lapse
        self._random = random.Random(f"webhooks {seed}")

    def create(self, collection: str, destination: str, wanted: Wanted, settings: Settings) -> Webhook:
        key = base64.b64encode(self._random.randbytes(32)).decode()
        now = self.lapse.now()
        webhook = Webhook(
            id=self.new_id(),
            key=key,
            collection=collection,
            destination=destination,
            created_at=now,
            valid_until=now + settings.webhook_validity_seconds,
            wanted=wanted,
            events=deque(maxlen=settings.event_history),
            enabled_at=now + settings.webhook_enabled_after_seconds,
            first_status=settings.webhook_first_status,
        )
        self.known[webhook.id] = webhook
        return webhook

    def new_id(self) -> str:
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def listening(self, collection: str) -> Iterator[Webhook]:
        now = self.lapse.now()
        return (hook for hook in self.known.values() if hook.collection == collection and hook.active(now))

    def resource(self, webhook: Webhook) -> dict[str, Any]:
        """The webhook as the API shows it: without the key, and with the outside world's time."""
        until = datetime.fromtimestamp(self.lapse.outside(webhook.valid_until), self.zone)
        precision = "seconds" if self.lapse.factor == 1 else "milliseconds"
        shown: dict[str, Any] = {
            "id": webhook.id,
            "validUntil": until.isoformat(timespec=precision),
            "status": webhook.status(self.lapse.now()),
            "destinationUrl": webhook.destination,
            "collectionName": webhook.collection,
        }
        if webhook.wanted:
            # CHOICE-28: the inner shape is shown nowhere.
            shown["externalReferences"] = {name: list(names) for name, names in webhook.wanted.items()}
        return shown

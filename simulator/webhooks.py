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

from simulator.references import Wanted


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
    valid_until: float
    wanted: Wanted
    events: deque[Event]
    disabled: bool = False
    deleted: bool = False

    def active(self, now: float) -> bool:
        return not self.disabled and not self.deleted and now < self.valid_until


class Webhooks:
    """The registry. Randomness is the simulator's own and seeded, so ids and keys repeat."""

    def __init__(self, seed: int, zone: ZoneInfo) -> None:
        self.known: dict[str, Webhook] = {}
        self.zone = zone
        self._random = random.Random(f"webhooks {seed}")

    def create(
        self, collection: str, destination: str, valid_until: float, wanted: Wanted, kept: int
    ) -> Webhook:
        key = base64.b64encode(self._random.randbytes(32)).decode()
        webhook = Webhook(
            self.new_id(), key, collection, destination, valid_until, wanted, deque(maxlen=kept)
        )
        self.known[webhook.id] = webhook
        return webhook

    def new_id(self) -> str:
        return str(uuid.UUID(bytes=self._random.randbytes(16), version=4))

    def listening(self, collection: str, now: float) -> Iterator[Webhook]:
        return (hook for hook in self.known.values() if hook.collection == collection and hook.active(now))

    def resource(self, webhook: Webhook, now: float) -> dict[str, Any]:
        """The webhook as the API shows it: without the key."""
        until = datetime.fromtimestamp(webhook.valid_until, self.zone).isoformat(timespec="seconds")
        shown: dict[str, Any] = {
            "id": webhook.id,
            "validUntil": until,
            "status": "Enabled" if webhook.active(now) else "Disabled",
            "destinationUrl": webhook.destination,
            "collectionName": webhook.collection,
        }
        if webhook.wanted:
            # CHOICE-28: the inner shape is shown nowhere.
            shown["externalReferences"] = {name: list(names) for name, names in webhook.wanted.items()}
        return shown

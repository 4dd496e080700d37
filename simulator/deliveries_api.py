"""`/control/deliveries`: what was sent to whom and how it was answered, for tests that count what was accepted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator.guard import tenant_of
from simulator.lists_api import json
from simulator.tenant import Tenant
from simulator.webhooks import Attempt, Event, Webhook


async def deliveries(request: Request) -> Response:
    """`[{webhook, collection, id, changeType, changeVersion, createdAt, status, attempts: [{sentAt, answeredAt, status}]}]`.

    Oldest first for each webhook, as far as `Settings.event_history` goes back. Times are Unix seconds; the status of an
    attempt is null when no answer came.
    """
    return json(msgspec.json.encode(list(_events(tenant_of(request)))))


def _events(tenant: Tenant) -> Iterator[dict[str, Any]]:
    for webhook in tenant.webhooks.known.values():
        for event in webhook.events:
            yield _shown(webhook, event)


def _shown(webhook: Webhook, event: Event) -> dict[str, Any]:
    return {
        "webhook": webhook.id,
        "collection": event.collection,
        "id": event.resource_id,
        "changeType": event.change,
        "changeVersion": _item(event.payload)["data"]["changeVersion"],
        "createdAt": event.created_at,
        "status": event.status,
        "attempts": [_attempt(attempt) for attempt in event.attempts],
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    answered = attempt.sent_at + attempt.seconds
    return {"sentAt": attempt.sent_at, "answeredAt": answered, "status": attempt.status}


def _item(payload: bytes) -> dict[str, Any]:
    """The one item of a payload, whatever envelope it is in (`Settings.envelope`)."""
    decoded: Any = msgspec.json.decode(payload)
    if isinstance(decoded, dict) and "value" in decoded:
        decoded = decoded["value"]
    item: dict[str, Any] = decoded[0] if isinstance(decoded, list) else decoded
    return item

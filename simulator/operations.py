"""What the control page and the control API do to a tenant, each with the same words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulator.errors import not_found, refused
from simulator.store import version_of
from simulator.switching import apply
from simulator.tenant import Tenant
from simulator.webhooks import Webhook

WEBHOOK_ACTIONS = ("disable", "delete", "expire")


def change_settings(tenant: Tenant, changes: Mapping[str, Any]) -> None:
    """All of `changes` or, with ApiError 400, none."""
    try:
        apply(tenant.settings, changes)
    except msgspec.ValidationError as error:
        raise refused(str(error)) from None
    if "delivery_seed" in changes:
        tenant.delivery.reseed()
    if {"time_factor", "retry_time_factor"} & changes.keys():
        tenant.retime()


def statistics(tenant: Tenant) -> dict[str, Any]:
    return {
        "calls": dict(tenant.calls),
        "deliveries": dict(tenant.delivery.counts),
        "pending": tenant.delivery.pending,
        "generating": tenant.generating,
        "changes": tenant.store.sequence,
        "changeVersion": version_of(tenant.store.sequence),
    }


def deltas(tenant: Tenant) -> list[dict[str, Any]]:
    """The active deltas; `expiresAt` is in the outside world's time, if nobody uses them."""
    return [
        {
            "id": delta.id,
            "collection": delta.collection,
            "owner": delta.owner,
            "from": delta.window.first,
            "until": delta.window.last,
            "expiresAt": _time(tenant.lapse.outside(tenant.deltas.dies_at(delta))),
        }
        for delta in tenant.deltas.alive(tenant.lapse.now())
    ]


def expire_deltas(tenant: Tenant, number: int | None = None) -> int:
    """Let one expire (None: all) and return how many. Raises ApiError 404 for one that is not active."""
    known = tenant.deltas.active
    if number is not None and number not in known:
        raise not_found()
    gone = list(known) if number is None else [number]
    for key in gone:
        del known[key]
    return len(gone)


def expire_paging_tokens(tenant: Tenant) -> None:
    """The next use of any paging token given out so far answers 409."""
    tenant.paging_era += 1


def webhooks(tenant: Tenant) -> list[dict[str, Any]]:
    """Every webhook that ever was, as it lived: created, begun to deliver, ended (null: it has not); the tenant's seconds."""
    now = tenant.lapse.now()
    return [
        {
            "id": hook.id,
            "collection": hook.collection,
            "createdAt": hook.created_at,
            "enabledAt": hook.enabled_at,
            "endedAt": hook.over(now),
            "deleted": hook.deleted,
        }
        for hook in tenant.webhooks.known.values()
    ]


def act_on_webhook(tenant: Tenant, key: str, action: Any) -> Webhook:
    """Behind the consumer's back. Raises ApiError."""
    webhook = tenant.webhooks.known.get(key)
    if webhook is None:
        raise not_found()
    now = tenant.lapse.now()
    if action == "disable":
        webhook.end(now)
    elif action == "delete":
        webhook.end(now, deleted=True)
    elif action == "expire":
        webhook.valid_until = now
    else:
        raise refused(f"The action must be one of {', '.join(WEBHOOK_ACTIONS)}")
    tenant.delivery.forget(webhook)
    return webhook


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

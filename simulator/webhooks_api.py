"""`/webhooks`: subscribe, look, unsubscribe; and the debugging endpoints (CHOICE-31)."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import references
from simulator.auth import Caller
from simulator.collections.row import Category, Collection, Filter
from simulator.collections.table import TABLE
from simulator.conditional import conditional
from simulator.conditions import compile_filter
from simulator.errors import ApiError, malformed, not_found, refused
from simulator.filters import FilterError
from simulator.guard import require
from simulator.listing import BASE, envelope
from simulator.lists_api import json
from simulator.settings import Settings
from simulator.tenant import Tenant
from simulator.webhooks import Event, Webhook
from simulator.writing import read_object

FILTERS = {
    "collection-name": Filter("collectionName", str, Category.SINGLE),
    "status": Filter("status", str, Category.SINGLE, choices=("Enabled", "Disabled", "Uninitialized")),
}


async def create(request: Request, tenant: Tenant, caller: Caller) -> Response:
    body = read_object(await request.body())
    row = _check_body(body)
    _check_scopes(tenant, caller, row)
    wanted = references.parse(request.query_params.get("externalReferences"), row)
    settings = tenant.settings
    fault = _fault(settings, row)
    if fault and not settings.webhook_creation_lost:
        raise fault
    webhook = tenant.webhooks.create(row.name, body["destinationUrl"], wanted, settings)
    if fault:
        raise fault
    shown = tenant.webhooks.resource(webhook)
    # The one time the key is shown.
    return JSONResponse(
        {"id": webhook.id, settings.webhook_key_property: webhook.key, **shown},
        201,
        {"Location": f"{BASE}/webhooks/{webhook.id}"},
    )


async def read_all(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """CHOICE-30: a deleted webhook is not listed."""
    require(caller, "webhooks.read")
    try:
        query = compile_filter(request.query_params.get("filter"), FILTERS, tenant.world.people_in, 0)
    except FilterError as error:
        raise refused(str(error)) from None
    shown = [tenant.webhooks.resource(hook) for hook in tenant.webhooks.known.values() if not hook.deleted]
    return conditional(request, envelope(msgspec.json.encode(r) for r in shown if query.matches(r)))


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "webhooks.read")
    return conditional(request, msgspec.json.encode(tenant.webhooks.resource(_webhook(request, tenant))))


async def delete(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """Soft: delivery stops, the resource stays for those who know its id."""
    require(caller, "webhooks.write")
    webhook = _webhook(request, tenant)
    if webhook.deleted:
        raise not_found()
    if tenant.settings.webhook_deletion_error:
        raise ApiError(tenant.settings.webhook_deletion_error, "The webhook cannot be deleted")
    webhook.end(tenant.lapse.now(), deleted=True)
    tenant.delivery.forget(webhook)
    return Response(status_code=tenant.settings.webhook_delete_status)


async def events(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "webhooks.read")
    return JSONResponse({"value": [_shown(event) for event in _webhook(request, tenant).events]})


async def event(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "webhooks.read")
    found = _event(request, tenant)
    return json(msgspec.json.encode({**_shown(found), "payload": msgspec.Raw(found.payload)}))


async def attempts(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "webhooks.read")
    shown = [
        {
            "attempt": number,
            "sentAt": _time(attempt.sent_at),
            "statusCode": attempt.status,
            "durationMs": round(attempt.seconds * 1000),
            "error": attempt.error,
        }
        for number, attempt in enumerate(_event(request, tenant).attempts, 1)
    ]
    return JSONResponse({"value": shown})


def _check_body(body: dict[str, Any]) -> Collection:
    missing = [name for name in ("destinationUrl", "collectionName") if not isinstance(body.get(name), str)]
    if missing:
        raise malformed(*((name, f"The {name} field is required.") for name in missing))
    if not acceptable(body["destinationUrl"]):
        raise refused("The destinationUrl must be an https address")
    row = TABLE.get(body["collectionName"])
    if row is None or not row.webhook:
        raise refused(f"The collectionName {body['collectionName']} is unknown")
    return row


def acceptable(url: str) -> bool:
    """Protime demands https. Plain http is let through to this machine only: there tests and the demo listen."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and _loopback(host))
    except ValueError:
        return False


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fault(settings: Settings, row: Collection) -> ApiError | None:
    """What a creation answers when that is switched on."""
    if settings.webhook_creation_error and row.name in (settings.webhook_creation_error_of or (row.name,)):
        return ApiError(settings.webhook_creation_error, "The webhook cannot be created")
    return None


def _check_scopes(tenant: Tenant, caller: Caller, row: Collection) -> None:
    """CHOICE-03: the pages disagree, so both are demanded."""
    which = tenant.settings.webhook_scopes
    if which in ("both", "webhooks"):
        require(caller, "webhooks.write")
    if which in ("both", "collection"):
        require(caller, *row.readable_with())


def _webhook(request: Request, tenant: Tenant) -> Webhook:
    webhook = tenant.webhooks.known.get(request.path_params["id"])
    if webhook is None:
        raise not_found()
    return webhook


def _event(request: Request, tenant: Tenant) -> Event:
    for found in _webhook(request, tenant).events:
        if found.id == request.path_params["event"]:
            return found
    raise not_found()


def _shown(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "collectionName": event.collection,
        "changeType": event.change,
        "resourceId": event.resource_id,
        "createdAt": _time(event.created_at),
        "status": event.status,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

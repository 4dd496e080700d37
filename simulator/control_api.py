"""`/control`: what no real tenant has. Switches, counts, the truth to compare with, and the hidden hand."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from simulator import activity_rules, operations
from simulator.collections.row import Collection
from simulator.collections.table import TABLE
from simulator.errors import not_found, refused
from simulator.generation import GENERATED, Order, generate
from simulator.guard import tenant_of
from simulator.lists_api import json
from simulator.recalculation import corrected_clocking, recalculate
from simulator.resources_api import find
from simulator.store import Id
from simulator.tenant import Tenant
from simulator.writing import read_object


async def read_settings(request: Request) -> Response:
    return json(msgspec.json.encode(tenant_of(request).settings))


async def change_settings(request: Request) -> Response:
    """A partial object; an unknown name or a wrong type changes nothing and answers 400."""
    operations.change_settings(tenant_of(request), read_object(await request.body()))
    return await read_settings(request)


async def stats(request: Request) -> Response:
    return JSONResponse(operations.statistics(tenant_of(request)))


async def state(request: Request) -> Response:
    """`{id: {changeVersion, deleted, record}}`, tombstones included."""
    row = _row(request)
    shelf = tenant_of(request).store.shelves[row.name]
    entries = (shelf.entries[key] for key in shelf.ids)
    shown = {
        str(entry.id): {
            "changeVersion": entry.version,
            "deleted": entry.record is None,
            "record": None if entry.record is None else msgspec.Raw(entry.raw),
        }
        for entry in entries
    }
    return json(msgspec.json.encode(shown))


async def make_changes(request: Request) -> Response:
    """200 when all changes are made; 202 when `per_second` paces them in the background."""
    tenant = tenant_of(request)
    try:
        order = msgspec.json.decode(await request.body(), type=Order)
    except msgspec.DecodeError as error:
        raise refused(str(error)) from None
    if order.collection not in GENERATED:
        raise refused(f"The collection {order.collection} cannot be generated")
    return JSONResponse(await generate(tenant, order), 202 if order.per_second else 200)


async def write_record(request: Request) -> Response:
    """As somebody in myProtime would: create (no `id`), or change what the body names."""
    tenant, row = tenant_of(request), _row(request)
    body = read_object(await request.body())
    key = body.pop("id", None)
    body.pop("changeVersion", None)
    known = tenant.store.get(row.name, key) if key is not None else None
    fields = {**known.record, **body} if known and known.record else dict(body)
    fields.pop("id", None)
    fields.pop("changeVersion", None)
    _check_fields(row, fields)
    if row.name == "clockings" and known and known.record:
        fields = corrected_clocking(known.record, fields)
    if key is None and row.name == activity_rules.COLLECTION:
        key = tenant.activities.new_id()  # no number, as all others have
    entry = tenant.store.put(row.name, fields, key)
    if row.name == "counter-groups":
        _say_again(tenant, row, but=entry.id)
    return json(entry.raw)


async def remove_record(request: Request) -> Response:
    """As somebody in myProtime would; a removed clocking leaves by `Settings.clocking_removal`."""
    tenant, row = tenant_of(request), _row(request)
    entry = find(row, request.path_params["id"], tenant.store)
    if entry is None or entry.record is None:
        raise not_found()
    if row.name == "clockings" and tenant.settings.clocking_removal == "status":
        fields = {name: value for name, value in entry.record.items() if name not in ("id", "changeVersion")}
        tenant.store.put(row.name, {**fields, "status": "Deleted"}, entry.id)
    else:
        tenant.store.delete(row.name, entry.id)
    if row.name == "clockings" and tenant.settings.recalculation:
        recalculate(tenant.store, entry.record)
    return Response(status_code=204)


async def set_references(request: Request) -> Response:
    """`{id: value}`: the custom external references of a collection under one name."""
    store = tenant_of(request).store
    given = read_object(await request.body())
    values = {int(key) if key.isdigit() else key: str(value) for key, value in given.items()}
    store.custom[(_row(request).name, request.path_params["name"])] = values
    return Response(status_code=204)


async def read_webhooks(request: Request) -> Response:
    return JSONResponse(operations.webhooks(tenant_of(request)))


async def act_on_webhook(request: Request) -> Response:
    """Behind the consumer's back: `{"action": "disable" | "delete" | "expire"}`."""
    tenant = tenant_of(request)
    action = read_object(await request.body()).get("action")
    webhook = operations.act_on_webhook(tenant, request.path_params["id"], action)
    return JSONResponse(tenant.webhooks.resource(webhook))


async def revoke_tokens(request: Request) -> Response:
    return JSONResponse({"revoked": tenant_of(request).tokens.revoke()})


async def read_deltas(request: Request) -> Response:
    return JSONResponse(operations.deltas(tenant_of(request)))


async def expire_deltas(request: Request) -> Response:
    """One, or all where the path names none."""
    return JSONResponse(
        {"expired": operations.expire_deltas(tenant_of(request), request.path_params.get("id"))}
    )


async def expire_paging_tokens(request: Request) -> Response:
    operations.expire_paging_tokens(tenant_of(request))
    return Response(status_code=204)


async def reset(request: Request) -> Response:
    """Fresh data by the settings as they are now; webhooks, deltas, tokens and counts are gone."""
    await tenant_of(request).reset()
    return Response(status_code=204)


def _row(request: Request) -> Collection:
    row = TABLE.get(request.path_params["collection"])
    if row is None:
        raise not_found()
    return row


def _check_fields(row: Collection, fields: dict[str, Any]) -> None:
    """The store needs the date of a dated record, and whose it is."""
    if row.date and not (isinstance(fields.get(row.date), str) and isinstance(fields.get("person"), dict)):
        raise refused(f"A record of {row.name} needs person and {row.date}")


def _say_again(tenant: Tenant, row: Collection, but: Id) -> None:
    """Saving one counter group emits an event for every counter group, changed or not."""
    for record in list(tenant.store.shelves[row.name].live()):
        if record["id"] != but:
            same = {name: value for name, value in record.items() if name not in ("id", "changeVersion")}
            tenant.store.put(row.name, same, record["id"])

"""One resource: `GET`, `PUT` and `DELETE /{collection}/{id}`, and `POST /{collection}`."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from simulator import references
from simulator.auth import Caller
from simulator.collections.row import Collection, Record
from simulator.conditional import conditional, etag
from simulator.errors import ApiError, not_found, refused
from simulator.guard import require
from simulator.listing import BASE
from simulator.lists_api import check_flex, json, listed_row
from simulator.recalculation import recalculate, stored_clocking
from simulator.store import Entry, Store
from simulator.tenant import Tenant
from simulator.writing import convert, read_object


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    row = listed_row(request)
    require(caller, *row.readable_with())
    check_flex(row, tenant, "all")
    wanted = references.parse(request.query_params.get("externalReferences"), row)
    if request.path_params["id"] == str(tenant.settings.broken_record):
        raise ApiError(500, "An internal error occurred", html=tenant.settings.html_errors)
    entry = find(row, request.path_params["id"], tenant.store) if row.by_id else None
    if entry is None or entry.record is None:
        raise not_found()
    content = tenant.render(entry.record, entry.raw, row.name, wanted)
    return conditional(request, content)


async def create(request: Request, tenant: Tenant, caller: Caller) -> Response:
    row = _writable(request, tenant, caller)
    fields = {**row.defaults, **convert(row, read_object(await request.body()), tenant.store)}
    if row.name == "clockings":
        fields = stored_clocking(fields, tenant.settings)
    entry = tenant.store.put(row.name, _without_none(fields))
    if row.name == "clockings" and entry.record and tenant.settings.recalculation:
        recalculate(tenant.store, entry.record)
    return Response(status_code=201, headers={"Location": f"{BASE}/{row.name}/{entry.id}"})


async def update(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """Full replacement: an optional property that the body omits is cleared (CHOICE-15)."""
    row = _writable(request, tenant, caller)
    entry = find(row, request.path_params["id"], tenant.store)
    if entry is None or entry.record is None:
        raise not_found()
    check_match(request, entry)
    fields = convert(row, read_object(await request.body()), tenant.store)
    writable = {field.name for field in row.fields}
    kept = {
        name: value
        for name, value in entry.record.items()
        if name not in writable or not tenant.settings.put_clears_omitted
    }
    del kept["id"], kept["changeVersion"]
    new = tenant.store.put(row.name, {**kept, **fields}, entry.id)
    return json(new.raw) if tenant.settings.put_returns_body else Response(status_code=200)


async def delete(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """A bad id is 400 here, not 404."""
    row = _writable(request, tenant, caller)
    entry = find(row, request.path_params["id"], tenant.store)
    if entry is None:
        raise refused(f"The id {request.path_params['id']} is invalid")
    check_match(request, entry)
    tenant.store.delete(row.name, entry.id)
    return Response(status_code=200)


def find(row: Collection, text: str, store: Store) -> Entry | None:
    """Return the record behind a path segment: an id, or `@name=value` where the row allows it (CHOICE-11)."""
    if text.isascii() and text.isdigit():
        return store.get(row.name, int(text))
    name, equals, value = text.partition("=")
    if row.by_reference and equals:
        key = references.find(row.name, name, value, store)
        return None if key is None else store.get(row.name, key)
    return store.get(row.name, text)


def check_match(request: Request, entry: Entry) -> None:
    wanted = request.headers.get("if-match")
    if wanted not in (None, "*", etag(entry.raw)):
        raise ApiError(409, "The resource was changed by somebody else")


def _writable(request: Request, tenant: Tenant, caller: Caller) -> Collection:
    row = listed_row(request)
    if request.method not in row.verbs:
        raise ApiError(405, f"The collection {row.name} does not allow {request.method}")
    require(caller, f"{row.name}.write")
    check_flex(row, tenant, "writes")
    return row


def _without_none(fields: Record) -> Record:
    """CHOICE-38: a property without a value is omitted."""
    return {name: value for name, value in fields.items() if value is not None}

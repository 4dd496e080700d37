"""Activity definitions: below a structure version and a level, found by id or reference, read and written.

Known is what §9.8 of the notes says. These are choices, for no visible page settles them: DELETE answers 204 and is
refused while the definition has children; PUT with an unknown external reference as the last part of the path creates
(201); `canConfigureRestrictions` is read-only; a definition's parent is one level up.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator import activity_rules, references
from simulator.auth import Caller
from simulator.collections.row import Record
from simulator.collections.table import TABLE
from simulator.conditional import conditional
from simulator.errors import not_found, refused
from simulator.guard import require
from simulator.listing import BASE, envelope
from simulator.lists_api import json
from simulator.resources_api import check_match, find
from simulator.store import Entry
from simulator.tenant import Tenant
from simulator.writing import convert, read_object

ROW = TABLE["activity-definitions"]
EXPANSIONS = {"usage": "usages", "restrictions": "restrictions"}


async def read_all(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    entries = tenant.store.shelves[ROW.name].after(None)
    place = _place(request)
    found = [entry for entry in entries if entry.record is not None and _at(entry.record, place)]
    return conditional(request, envelope(_shown(request, tenant, entry) for entry in found))


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    return conditional(request, _shown(request, tenant, definition(request, tenant)))


async def create(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.write")
    entry = _create(request, tenant, read_object(await request.body()))
    return Response(status_code=201, headers={"Location": _location(entry)})


async def update(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """Full replacement, but for the parent; 201 when the path names an external reference that nothing has yet."""
    require(caller, "activity-definitions.write")
    body = read_object(await request.body())
    name, equals, value = request.path_params["id"].partition("=")
    if equals and name in ROW.references and references.find(ROW.name, name, value, tenant.store) is None:
        entry = _create(request, tenant, {**body, ROW.references[name]: value})
        return Response(status_code=201, headers={"Location": _location(entry)})
    entry = definition(request, tenant)
    assert entry.record is not None  # noqa: S101 - `definition` finds what exists
    check_match(request, entry)
    new = tenant.store.put(ROW.name, _replacement(tenant, entry.record, body), entry.id)
    return json(new.raw) if tenant.settings.put_returns_body else Response(status_code=200)


async def delete(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.write")
    entry = definition(request, tenant)
    check_match(request, entry)
    live = tenant.store.shelves[ROW.name].live()
    if any(record.get("parent") == {"id": entry.id} for record in live):
        raise refused("The activity definition has children")
    tenant.store.delete(ROW.name, entry.id)
    tenant.activities.forget(entry.id)
    return Response(status_code=204)


def definition(request: Request, tenant: Tenant) -> Entry:
    """Return the definition that the path names. Raises ApiError 404."""
    entry = find(ROW, request.path_params["id"], tenant.store)
    if entry is None or entry.record is None or not _at(entry.record, _place(request)):
        raise not_found()
    return entry


def _create(request: Request, tenant: Tenant, body: dict[str, Any]) -> Entry:
    fields = convert(ROW, body, tenant.store)
    version, level = _place(request)
    record = {"structureVersion": version, "level": level, **ROW.defaults, **fields}
    activity_rules.check_parent(record, tenant.store)
    activity_rules.check_codes(record, None, tenant.store, tenant.settings)
    return tenant.store.put(ROW.name, record, tenant.activities.new_id())


def _replacement(tenant: Tenant, old: Record, body: dict[str, Any]) -> Record:
    fields = convert(ROW, body, tenant.store)
    if fields.get("parent", old.get("parent")) != old.get("parent"):
        raise refused("The parent cannot be changed")
    writable = {field.name for field in ROW.fields} - {"parent"}
    if not tenant.settings.put_clears_omitted:
        writable &= fields.keys()
    record = {name: value for name, value in old.items() if name not in {*writable, "id", "changeVersion"}}
    record.update(fields)
    activity_rules.check_codes(record, old["id"], tenant.store, tenant.settings)
    return record


def _shown(request: Request, tenant: Tenant, entry: Entry) -> bytes:
    assert entry.record is not None  # noqa: S101 - tombstones are left out before
    wanted = references.parse(request.query_params.get("externalReferences"), ROW)
    raw = tenant.render(entry.record, entry.raw, ROW.name, wanted)
    expansions = [name.strip() for name in request.query_params.get("expand", "").split(",") if name.strip()]
    if unknown := set(expansions) - EXPANSIONS.keys():
        raise refused(f"The expansion {', '.join(sorted(unknown))} is unknown")
    if not expansions:
        return raw
    kept = tenant.activities.details(entry.id)
    return msgspec.json.encode(
        {**msgspec.json.decode(raw), **{name: kept[EXPANSIONS[name]] for name in expansions}}
    )


def _place(request: Request) -> tuple[int, int]:
    return request.path_params["version"], request.path_params["level"]


def _at(record: Record, place: tuple[int, int]) -> bool:
    return (record["structureVersion"], record["level"]) == place


def _location(entry: Entry) -> str:
    assert entry.record is not None  # noqa: S101 - it was just made
    version, level = entry.record["structureVersion"], entry.record["level"]
    return f"{BASE}/activity-structure-versions/{version}/levels/{level}/activity-definitions/{entry.id}"

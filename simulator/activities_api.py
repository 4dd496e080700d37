"""Activity definitions live below a structure version and a level, and are found by id or reference."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from simulator import references
from simulator.auth import Caller
from simulator.collections.row import Record
from simulator.collections.table import TABLE
from simulator.errors import not_found
from simulator.guard import require
from simulator.listing import envelope
from simulator.lists_api import json
from simulator.resources_api import find
from simulator.tenant import Tenant

ROW = TABLE["activity-definitions"]


async def read_all(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    wanted = references.parse(request.query_params.get("externalReferences"), ROW)
    entries = tenant.store.shelves[ROW.name].after(None)
    items = [
        tenant.render(entry.record, entry.raw, ROW.name, wanted)
        for entry in entries
        if entry.record is not None and _belongs(entry.record, request)
    ]
    return json(envelope(items))


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    wanted = references.parse(request.query_params.get("externalReferences"), ROW)
    entry = find(ROW, request.path_params["id"], tenant.store)
    if entry is None or entry.record is None or not _belongs(entry.record, request):
        raise not_found()
    return json(tenant.render(entry.record, entry.raw, ROW.name, wanted))


def _belongs(record: Record, request: Request) -> bool:
    place = (record["structureVersion"], record["level"])
    return place == (request.path_params["version"], request.path_params["level"])

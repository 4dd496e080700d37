"""`GET /people/{id}/{category}-histories`: one person's history. That it exists is known; the path is a choice."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from simulator.auth import Caller
from simulator.collections.table import TABLE
from simulator.conditional import conditional
from simulator.errors import not_found
from simulator.guard import require
from simulator.listing import envelope
from simulator.resources_api import find
from simulator.seeds.catalogs import CATALOGS
from simulator.tenant import Tenant


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    category = request.path_params["category"]
    if category not in CATALOGS:
        raise not_found()
    row = TABLE[f"{category}-histories"]
    require(caller, *row.readable_with())
    person = find(TABLE["people"], request.path_params["id"], tenant.store)
    if person is None:
        raise not_found()
    entries = tenant.store.shelves[row.name].after(None)
    whose = {"id": person.id}
    items = [entry.raw for entry in entries if entry.record and entry.record["person"] == whose]
    return conditional(request, envelope(items))

"""`GET /{collection}` and `GET /delta/{collection}`: lists, the first phase of a delta and its later polls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator import references
from simulator.auth import Caller
from simulator.collections.row import Collection
from simulator.collections.table import TABLE
from simulator.conditional import conditional
from simulator.conditions import FIRST_DAY, LAST_DAY, Query, compile_filter
from simulator.delta import Delta, changes
from simulator.errors import ApiError, not_found, refused
from simulator.filters import FilterError
from simulator.guard import require
from simulator.listing import Page, envelope, link, next_token, page, resume, validator
from simulator.references import Wanted
from simulator.store import Change
from simulator.tenant import Tenant
from simulator.tokens import pack


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    row = listed_row(request)
    require(caller, *row.readable_with())
    check_flex(row, tenant, "all")
    if "delta" in request.query_params:
        return _first_phase(request, tenant, caller, row)
    if "deltaToken" in request.query_params:
        return _go_on(request, tenant, row)
    query = compile_query(request.query_params.get("filter"), row, tenant)
    wanted = references.parse(request.query_params.get("externalReferences"), row)
    found = _page(request, tenant, row, query)
    kept = [(name, request.query_params.get(name)) for name in ("filter", "externalReferences")]
    following = next_token(found)
    target = link(f"/{row.name}", [*kept, ("continuationToken", following)]) if following else None
    items = _items(found, tenant, row, wanted)
    # Links hold the time, so the tag is of the records, and of where the page ends.
    basis = b",".join([*items, msgspec.json.encode((found.behind.after, found.behind.empty, found.more))])
    return conditional(request, envelope(items, nextLink=target), basis)


async def poll(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """The second phase: one unpaged answer with a fresh link."""
    row = listed_row(request)
    require(caller, *row.readable_with())
    check_flex(row, tenant, "all")
    _check_conflict(tenant)
    now = tenant.clock()
    text = request.query_params.get("deltaToken", "")
    delta, cursor = tenant.deltas.use(text, row.name, tenant.lapse.now())
    items = []
    for entry, inside in changes(tenant.store.shelves[row.name], delta.window, cursor):
        items.append(tenant.item(Change(row, entry), delta.wanted) if inside else tenant.removal(entry))
    return json(envelope(items, deltaLink=delta_link(delta, tenant.store.sequence, now)))


def _check_conflict(tenant: Tenant) -> None:
    """A GET with delta may meet a concurrency conflict, whatever that is."""
    conflict = tenant.settings.delta_conflict_burst > 0
    tenant.settings.delta_conflict_burst -= conflict
    if conflict:
        raise ApiError(409, "Something else is at the delta at this moment")


def listed_row(request: Request) -> Collection:
    row = TABLE.get(request.path_params["collection"])
    if row is None or not row.listed:
        raise not_found()
    return row


def check_flex(row: Collection, tenant: Tenant, least: str) -> None:
    """Planning Flex or Shift closes the assignments: their writes, or all of them."""
    flex = tenant.settings.planning_flex
    if row.name == "assignments" and (flex == "all" or (flex == "writes" and least == "writes")):
        raise ApiError(403, "Assignments are not available with Planning Flex or Shift")


def compile_query(text: str | None, row: Collection, tenant: Tenant) -> Query:
    try:
        return compile_filter(text, row.filters, tenant.world.people_in, tenant.settings.max_range_days)
    except FilterError as error:
        raise refused(str(error)) from None


def delta_link(delta: Delta, cursor: int, now: float) -> str:
    return link(f"/delta/{delta.collection}", [("deltaToken", delta.token(cursor, now))])


def json(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(content, status, headers, media_type="application/json")


def _first_phase(request: Request, tenant: Tenant, caller: Caller, row: Collection) -> Response:
    if not row.delta:
        raise refused(f"The collection {row.name} has no delta")
    query = compile_query(request.query_params.get("filter"), row, tenant)
    _check_delta(query, row, tenant)
    wanted = references.parse(request.query_params.get("externalReferences"), row)
    delta = tenant.deltas.start(row.name, caller.client, query.window, wanted, tenant.lapse.now())
    return _first_page(request, tenant, query, delta, tenant.store.sequence)


def _go_on(request: Request, tenant: Tenant, row: Collection) -> Response:
    delta, cursor = tenant.deltas.use(request.query_params["deltaToken"], row.name, tenant.lapse.now())
    query = compile_query(request.query_params.get("filter"), row, tenant)
    return _first_page(request, tenant, query, delta, cursor)


def _first_page(request: Request, tenant: Tenant, query: Query, delta: Delta, cursor: int) -> Response:
    """Plain resources, always paged; the last page has the deltaLink instead, and often nothing else."""
    now, row = tenant.clock(), TABLE[delta.collection]
    found = _page(request, tenant, row, query)
    items = _items(found, tenant, row, delta.wanted)
    following = next_token(found)
    if following is None and items and tenant.settings.delta_empty_last_page:
        following = pack(found.behind)
    if following is None:
        return json(envelope(items, deltaLink=delta_link(delta, cursor, now)))
    kept = [(name, request.query_params.get(name)) for name in ("filter", "externalReferences")]
    tokens = [("continuationToken", following), ("deltaToken", delta.token(cursor, now))]
    return json(envelope(items, nextLink=link(f"/{row.name}", [*kept, *tokens])))


def _check_delta(query: Query, row: Collection, tenant: Tenant) -> None:
    """The rules of 6.3: a date window that began since 1 January of last year, and nothing else."""
    if query.fields - {"date"}:
        raise refused("A delta can be filtered by date only")
    if row.date is None:
        return
    first, last = query.window.first, query.window.last
    today = datetime.fromtimestamp(tenant.clock(), UTC).date()
    if first == FIRST_DAY or first >= (today + timedelta(days=1)).isoformat():
        raise refused("The start of a delta must be in the past")
    if first < date(today.year - 1, 1, 1).isoformat():
        raise refused("The start of a delta must not be before 1 January of the previous year")
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    if last != LAST_DAY and days > tenant.settings.max_range_days:
        raise refused("The range of a delta is at most one year")


def _page(request: Request, tenant: Tenant, row: Collection, query: Query) -> Page:
    now = tenant.lapse.now()
    parameters = request.query_params
    fingerprint = validator(row.name, parameters.get("filter"), parameters.get("externalReferences"))
    text, era = parameters.get("continuationToken"), tenant.paging_era
    start = resume(text, fingerprint, tenant.settings, now, era)
    return page(tenant.store.shelves[row.name], query.matches, start, tenant.settings, now)


def _items(found: Page, tenant: Tenant, row: Collection, wanted: Wanted) -> list[bytes]:
    pairs = ((entry.record, entry.raw) for entry in found.entries)
    return [tenant.render(record, raw, row.name, wanted) for record, raw in pairs if record is not None]

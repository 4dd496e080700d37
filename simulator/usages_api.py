"""Usages and restrictions of an activity definition.

Of usages the properties, the rule against overlaps and the 200 of a POST are known. Choices: a usage has an integer
`id`, by which it is deleted; POST answers with it. Of restrictions nothing is known but that they exist: here they are
a list, each with a kind and a reference like a usage's, which PUT replaces as a whole.
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator import references
from simulator.activities import overlap
from simulator.activities_api import definition
from simulator.auth import Caller
from simulator.collections import converters as to
from simulator.collections.row import Collection, Field, Lookup
from simulator.conditional import conditional
from simulator.errors import malformed, not_found, refused
from simulator.guard import require
from simulator.listing import envelope
from simulator.lists_api import json
from simulator.tenant import Tenant
from simulator.world import World
from simulator.writing import convert, read_object

KINDS = ("Person", "Group", "Circle")


def _reference(value: Any, _lookup: Lookup) -> dict[str, Any]:
    """Resolved when the kind beside it is known."""
    if not isinstance(value, dict):
        raise to.Malformed("must be an object with an id or external references")
    return value


def _until(value: Any, lookup: Lookup) -> str:
    """An empty text is no end."""
    return "" if value == "" else to.day(value, lookup)


USAGE = Collection(
    "usages",
    fields=(
        Field("activityUsageKind", to.one_of(*KINDS), required=True),
        Field("usageReference", _reference, required=True),
        Field("from", to.day, required=True),
        Field("until", _until),
    ),
)
RESTRICTION = Collection(
    "restrictions",
    fields=(
        Field("restrictionKind", to.one_of(*KINDS), required=True),
        Field("restrictionReference", _reference, required=True),
    ),
)


async def read_all(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    kept = tenant.activities.details(definition(request, tenant).id)["usages"]
    return conditional(request, envelope(map(msgspec.json.encode, kept)))


async def create(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """200, not 201."""
    require(caller, "activity-definitions.write")
    key = definition(request, tenant).id
    usage = convert(USAGE, read_object(await request.body()), tenant.store)
    if not usage.get("until"):
        usage.pop("until", None)
    elif usage["until"] < usage["from"]:
        raise refused("The until date must not be before the from date")
    kind = usage["activityUsageKind"]
    usage["usageReference"] = _resolved(kind, usage["usageReference"], tenant)
    if any(overlap(usage, other) for other in tenant.activities.usages.get(key, ())):
        raise refused("The period overlaps another one of the same kind and reference")
    return json(msgspec.json.encode(tenant.activities.add_usage(key, usage)))


async def delete(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.write")
    kept = tenant.activities.usages.get(definition(request, tenant).id, [])
    for usage in kept:
        if usage["id"] == request.path_params["usage"]:
            kept.remove(usage)
            return Response(status_code=204)
    raise not_found()


async def read_restrictions(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "activity-definitions.read")
    kept = tenant.activities.details(definition(request, tenant).id)["restrictions"]
    return conditional(request, envelope(map(msgspec.json.encode, kept)))


async def replace_restrictions(request: Request, tenant: Tenant, caller: Caller) -> Response:
    """The body is what GET answers: `{"value": […]}`."""
    require(caller, "activity-definitions.write")
    entry = definition(request, tenant)
    if entry.record is not None and not entry.record["canConfigureRestrictions"]:
        raise refused("The restrictions of this activity definition cannot be configured")
    given = read_object(await request.body()).get("value")
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise malformed(("value", "The value field must be an array of objects."))
    tenant.activities.restrictions[entry.id] = [_restriction(item, tenant) for item in given]
    return Response(status_code=200)


def _restriction(item: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    fields = convert(RESTRICTION, item, tenant.store)
    reference = _resolved(fields["restrictionKind"], fields["restrictionReference"], tenant)
    return {**fields, "restrictionReference": reference}


def _resolved(kind: str, reference: dict[str, Any], tenant: Tenant) -> dict[str, Any]:
    """Return `{"id": …}` of something that exists. Raises ApiError 400."""
    if kind == "Person":
        try:
            return {"id": references.resolve("people", reference, tenant.store)}
        except (to.Malformed, to.Refused) as error:
            raise refused(f"The reference {error}") from None
    key = reference.get("id")
    if not exists(kind, key, tenant.world):
        raise refused(f"The reference is to no {kind.lower()} that exists")
    return {"id": key}


def exists(kind: str, key: Any, world: World) -> bool:
    return (("circle" if kind == "Circle" else "org-group"), key) in world.members

"""Custom external references: names and values that a third party gives to objects of a collection.

Known are the idea, the rules (names without `@`, values unique within the collection) and the scope of writing. Where
they are managed is not: these paths and bodies are a choice, and so is that a change raises no event.

    GET    /external-references/{collection}               {"value": [{"id": 1, "externalReferences": {"HrKey": "K1"}}]}
    GET    /external-references/{collection}/{id}          {"externalReferences": {"HrKey": "K1"}}
    PUT    /external-references/{collection}/{id}          the same body: replaces all names of the object
    DELETE /external-references/{collection}/{id}
    GET    /external-references/{collection}/{id}/{name}   {"value": "K1"}
    PUT    /external-references/{collection}/{id}/{name}   the same body: 201 when new, else 200
    DELETE /external-references/{collection}/{id}/{name}
"""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from simulator import custom_references as custom
from simulator.auth import Caller
from simulator.conditional import conditional
from simulator.errors import malformed, not_found
from simulator.guard import require
from simulator.listing import envelope
from simulator.store import Id
from simulator.tenant import Tenant
from simulator.writing import read_object


async def read_all(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.read", "external-references.write")
    collection = _collection(request)
    found = custom.of_collection(tenant.store, collection)
    items = ({"id": key, "externalReferences": names} for key, names in found.items())
    return conditional(request, envelope(map(msgspec.json.encode, items)))


async def read(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.read", "external-references.write")
    collection, key = _object(request, tenant)
    names = custom.of_collection(tenant.store, collection).get(key, {})
    return conditional(request, msgspec.json.encode({"externalReferences": names}))


async def replace(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.write")
    collection, key = _object(request, tenant)
    given = read_object(await request.body()).get("externalReferences")
    if not isinstance(given, dict):
        raise malformed(("externalReferences", "The externalReferences field must be an object."))
    for name, value in given.items():
        custom.check(tenant.store, collection, key, name, value)
    custom.clear(tenant.store, collection, key)
    for name, value in given.items():
        custom.put(tenant.store, collection, key, name, value)
    return Response(status_code=200)


async def clear(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.write")
    custom.clear(tenant.store, *_object(request, tenant))
    return Response(status_code=204)


async def read_one(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.read", "external-references.write")
    return conditional(request, msgspec.json.encode({"value": _value(request, tenant)}))


async def put_one(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.write")
    collection, key = _object(request, tenant)
    name, value = request.path_params["name"], read_object(await request.body()).get("value")
    custom.check(tenant.store, collection, key, name, value)
    known = custom.put(tenant.store, collection, key, name, str(value))
    return Response(status_code=200 if known else 201)


async def delete_one(request: Request, tenant: Tenant, caller: Caller) -> Response:
    require(caller, "external-references.write")
    _value(request, tenant)
    collection, key = _object(request, tenant)
    del tenant.store.custom[(collection, request.path_params["name"])][key]
    return Response(status_code=204)


def _collection(request: Request) -> str:
    collection = str(request.path_params["collection"])
    if collection not in custom.COLLECTIONS:
        raise not_found()
    return collection


def _object(request: Request, tenant: Tenant) -> tuple[str, Id]:
    collection, text = _collection(request), request.path_params["id"]
    key: Id = int(text) if text.isascii() and text.isdigit() else text
    if not custom.exists(tenant.store, tenant.world, collection, key):
        raise not_found()
    return collection, key


def _value(request: Request, tenant: Tenant) -> Any:
    collection, key = _object(request, tenant)
    value = tenant.store.custom.get((collection, request.path_params["name"]), {}).get(key)
    if value is None:
        raise not_found()
    return value

"""The documents say what the routes do: no route is missing, nothing is told that is not there, and events fit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from redis.asyncio import Redis
from starlette.routing import Route

from service.asyncapi import asyncapi
from service.bodies import Refused
from service.connection import MOST_BYTES
from service.main import build
from service.openapi import openapi
from service.replay_bodies import order as replay_order
from tests.service.cli.commands import shiftwire
from tests.service.event_log import OPERATOR, EventLog, installed, reading
from tests.service.rig import config
from workers.changes import SCHEMA_NAMES

DOCUMENTS = {"openapi": openapi, "asyncapi": asyncapi}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation)."""
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def resolved(document: Any, reference: str) -> Any:
    assert reference.startswith("#/"), reference
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def validator(document: dict[str, Any], pointer: str) -> Draft202012Validator:
    """Of a schema of the document, with everything it refers to."""
    return Draft202012Validator({"$ref": pointer, "components": document["components"]})


def test_every_route_of_the_application_is_described_and_nothing_else() -> None:
    routes = {
        (re.sub(r":\w+}", "}", route.path), method.lower())
        for route in build(config(installed("redis://localhost:1")), "redis://localhost:1").routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    assert {(path, method) for path, method, _ in operations()} == routes


def test_every_operation_has_a_name_of_its_own_words_and_answers() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names)
    for _, _, operation in operations():
        assert operation["summary"]
        assert operation["responses"]
        assert all(answer["description"] for answer in operation["responses"].values())


def test_every_parameter_of_a_path_is_described() -> None:
    for path, _, operation in operations():
        described = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
        assert described == set(re.findall(r"{(\w+)}", path))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_refers_to_itself_alone_and_to_what_is_there(name: str) -> None:
    document = DOCUMENTS[name]()
    found = set(references(document))
    assert len(found) > len(SCHEMA_NAMES)
    for reference in found:
        resolved(document, reference)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_schema_in_a_document_is_one(name: str) -> None:
    schemas = DOCUMENTS[name]()["components"]["schemas"]
    assert {kind.removesuffix(".json") for kind in SCHEMA_NAMES} < set(schemas)
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_there_is_a_message_for_each_kind_of_event() -> None:
    document = asyncapi()
    messages = document["channels"]["events"]["messages"]
    assert set(messages) == {name.removesuffix(".json") for name in SCHEMA_NAMES}
    for reference in messages.values():
        message = resolved(document, reference["$ref"])
        assert message["contentType"] == "application/cloudevents+json"
        assert message["payload"]["$ref"] == f"#/components/schemas/{message['name']}"


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_real_events_fit_the_schemas_of_a_document_and_others_do_not(
    redis: Redis, redis_url: str, name: str
) -> None:
    document, data = DOCUMENTS[name](), installed(redis_url)
    log = EventLog(config(data), redis)
    await log.change(1, 2)
    await log.change(1, version=2)
    await log.change(9, collection="clockings")
    async with reading(data) as http:
        events = (await http.get("/events")).json()["events"]
    assert len(events) == 4
    for event in events:
        own, other = ("assignment.v1", "clocking.v1")[:: 1 if "assignment" in event["type"] else -1]
        assert validator(document, f"#/components/schemas/{own}").is_valid(event)
        assert not validator(document, f"#/components/schemas/{other}").is_valid(event)


async def test_real_answers_fit_what_openapi_says_of_them(redis: Redis, redis_url: str) -> None:
    data = installed(redis_url)
    log = EventLog(config(data), redis)
    await log.change(1, 2)
    asked = {
        ("/events", "200"): "/events?limit=1",
        ("/events", "400"): "/events?limit=0",
        ("/events/{id}", "200"): f"/events/{log.ids[0]}",
        ("/events/{id}", "404"): "/events/nothing",
        ("/schemas/{name}", "404"): "/schemas/nothing",
    }
    async with reading(data) as http:
        for (path, status), address in asked.items():
            answer = await http.get(address)
            fits("get", path, status, answer)


def fits(method: str, path: str, status: str, answer: httpx.Response) -> None:
    """Whether the answer is the one that the document describes."""
    assert str(answer.status_code) == status
    described = openapi()["paths"][path][method]["responses"][status]["content"]["application/json"]
    schema = described["schema"] | {"components": openapi()["components"]}
    Draft202012Validator(schema).validate(answer.json())


async def test_real_answers_to_operators_fit_what_openapi_says_of_them(redis: Redis, redis_url: str) -> None:
    data = installed(redis_url)
    await EventLog(config(data), redis).change(1, 2)
    order, cancel = {"sink": "archive", "confirm": True}, {"sink": "archive", "id": ""}
    async with reading(data, token=OPERATOR) as http:
        for path, status, body in (
            ("/admin/replay", "200", {"sink": "archive"}),
            ("/admin/replay", "202", order),
            ("/admin/replay", "409", order),
            ("/admin/replay", "422", {"sink": "nowhere"}),
            ("/admin/replay/cancel", "422", cancel),
            ("/admin/replay/cancel", "404", {**cancel, "id": "x"}),
        ):
            fits("post", path, status, await http.post(path, json=body))
        known = await http.get("/admin/replays")
        fits("get", "/admin/replays", "200", known)
        cancel["id"] = known.json()["replays"][0]["id"]
        path = "/admin/replay/cancel"
        fits("post", path, "200", await http.post(path, json=cancel))


def test_the_bodies_that_openapi_describes_are_those_that_are_taken() -> None:
    order = openapi()["paths"]["/admin/replay"]["post"]["requestBody"]["content"]["application/json"][
        "schema"
    ]
    Draft202012Validator.check_schema(order)
    for body in (
        {"sink": "archive"},
        {"sink": "archive", "type": "eu.myprotime.person.updated.v1", "tenant": ["acme"], "confirm": True},
        {"sink": "archive", "tenant": []},
        {"sink": "archive", "type": ["a", ""]},
        {"sink": "archive", "confirm": "true"},
        {"sink": "archive", "confrim": True},
        {"confirm": False},
    ):
        try:
            replay_order(json.dumps(body).encode(), config(installed("")))
            taken = True
        except Refused:
            taken = False
        assert Draft202012Validator(order).is_valid(body) == taken, body


def test_431_is_told_of_every_operation_with_its_limit() -> None:
    for _, _, operation in operations():
        assert f"{MOST_BYTES // 1024} KB" in operation["responses"]["431"]["description"]


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_is_served_and_printed(redis: Redis, redis_url: str, name: str) -> None:
    async with reading(installed(redis_url), token=None) as http:
        answer = await http.get(f"/{name}.json")
    assert answer.json() == DOCUMENTS[name]() == json.loads(json.dumps(DOCUMENTS[name]()))
    assert shiftwire("schema", name).json() == answer.json()

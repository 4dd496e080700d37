"""Each route in OpenAPI's words. A test compares the paths with the routes of the application."""

from __future__ import annotations

from typing import Any

from service.events_api import CURSOR_HEADER
from service.openapi_admin import admin_paths
from service.openapi_parts import (
    EVENT_ID,
    SECURITY,
    TEXT,
    Part,
    after,
    answer,
    error,
    filters,
    guarded,
    in_header,
    in_path,
    later,
    life,
    limit,
    page,
)
from workers.changes import SCHEMA_NAMES

_OBJECT: Part = {"type": "object"}
#: Answered by the connection, before any route is looked for.
_HEAD_TOO_LARGE: Part = {
    "431": answer("All but the body is larger than 64 KB. No body, and the connection ends.")
}


def paths() -> Part:
    """Path → its operations."""
    return {
        path: {method: _limited(about) for method, about in item.items()} for path, item in _all().items()
    }


def _limited(operation: Part) -> Part:
    return operation | {"responses": dict(sorted({**operation["responses"], **_HEAD_TOO_LARGE}.items()))}


def _all() -> Part:
    return {
        "/webhooks/{tenant}/{collection}/{token}": {"post": _receive()},
        "/events": {"get": _page()},
        "/events/stream": {"get": _stream()},
        "/events/{id}": {"get": _life()},
        **admin_paths(),
        "/schemas/{name}": {"get": _schema()},
        "/openapi.json": {"get": _open("openapi", "This document", answer("OpenAPI 3.1.", _OBJECT))},
        "/asyncapi.json": {
            "get": _open("asyncapi", "The events, in AsyncAPI's words", answer("AsyncAPI 3.0.", _OBJECT))
        },
        "/livez": {"get": _open("livez", "Whether the process runs", answer("It does.", TEXT, "text/plain"))},
        "/readyz": {"get": _ready()},
        "/metrics": {
            "get": _open(
                "metrics", "Figures for Prometheus", answer("In its text format.", TEXT, "text/plain")
            )
        },
    }


def _open(name: str, summary: str, good: Part, **others: Part) -> Part:
    """A route that needs no token."""
    return {"operationId": name, "summary": summary, "security": [], "responses": {"200": good, **others}}


def _for_viewers(name: str, summary: str, parameters: list[Part], responses: Part) -> Part:
    about: dict[str, Any] = {"operationId": name, "summary": summary, "security": SECURITY}
    return about | {"parameters": parameters, "responses": guarded(responses)}


def _receive() -> Part:
    accepted: Part = {"type": "object", "properties": {"accepted": {"type": "integer"}}}
    return {
        "operationId": "receive",
        "summary": "Protime's notifications, signed",
        "security": [],
        "parameters": [
            in_path("tenant", "The tenant of the configuration."),
            in_path("collection", "The collection that changed."),
            in_path("token", "What makes the path unguessable."),
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": {
            "202": answer("On disk, and will be processed.", accepted),
            "400": error("Not a notification."),
            "401": error("The signature does not fit."),
            "404": error("Nobody is behind this path."),
            "408": error("The body did not arrive in time."),
            "413": error("The body is too large."),
            "503": later("Nothing can be accepted now."),
        },
    }


def _page() -> Part:
    cursor: Part = {"description": "Where the page ends, also at the end of the log.", "schema": TEXT}
    return _for_viewers(
        "listEvents",
        "A page of the event log, oldest first",
        [after(), limit(), *filters()],
        {
            "200": answer("The page; empty ones can have a `next`.", page())
            | {"headers": {CURSOR_HEADER: cursor}},
            "400": error("The query makes no sense."),
        },
    )


def _stream() -> Part:
    return _for_viewers(
        "followEvents",
        "Events as they come, as Server-Sent Events",
        [in_header("Last-Event-ID", "The cursor to go on from; goes before `after`."), after(), *filters()],
        {
            "200": answer("Does not end by itself.", TEXT, "text/event-stream"),
            "400": error("The query makes no sense."),
            "503": later("The store does not answer, or too many streams are open."),
        },
    )


def _life() -> Part:
    return _for_viewers(
        "showEvent",
        "The whole life of one event: received, decided, each delivery",
        [in_path("id", EVENT_ID)],
        {"200": answer("Its life.", life()), "404": error("There is no such event.")},
    )


def _schema() -> Part:
    name: Part = in_path("name", "As in the events' `dataschema`.") | {"schema": {"enum": list(SCHEMA_NAMES)}}
    known: Part = {"type": "object", "required": ["error", "known"]}
    good = answer("JSON Schema 2020-12.", _OBJECT, "application/schema+json")
    responses = {"200": good, "404": answer("There is none of this name.", known)}
    about = _open("schema", "The JSON Schema of a kind of event", good)
    return about | {"parameters": [name], "responses": responses}


def _ready() -> Part:
    ready = answer("It can.", TEXT, "text/plain")
    about = _open("readyz", "Whether notifications can be accepted", ready)
    away = answer("The store does not answer.", {"type": "object", "required": ["store"]})
    return about | {"responses": {"200": ready, "503": later("") | away}}

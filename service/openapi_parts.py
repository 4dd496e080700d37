"""Pieces of OpenAPI that several routes have in common."""

from __future__ import annotations

from typing import Any

from service.event_filter import FILTERS
from service.event_query import AFTER, DEFAULT, LIMIT, MOST
from service.event_schemas import any_event

Part = dict[str, Any]

TEXT: Part = {"type": "string"}
ERROR: Part = {"type": "object", "required": ["error"], "properties": {"error": TEXT}}
EVENT_ID = "Tenant, collection, record and version, such as acme/assignments/757085/0001E7C5000098FA0014."
#: Either a token, or a request from the machine itself where no token is configured.
SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {}]
SCHEMES: Part = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A token of `admin_tokens`. With none configured, requests of the machine itself need none.",
    }
}


def answer(description: str, schema: Part | None = None, media: str = "application/json") -> Part:
    return {"description": description, **({"content": {media: {"schema": schema}}} if schema else {})}


def error(description: str) -> Part:
    return answer(description, ERROR)


def later(description: str) -> Part:
    """An error that passes."""
    seconds: Part = {"description": "Seconds to wait.", "schema": {"type": "integer"}}
    return error(description) | {"headers": {"Retry-After": seconds}}


def guarded(responses: Part) -> Part:
    """Responses of a route that needs a token."""
    refusals: Part = {
        "401": error("No token, or a wrong one."),
        "403": error("No token is configured, and the request is not of this machine."),
        "503": later("The store does not answer now."),
    }
    return dict(sorted({**refusals, **responses}.items()))


def in_path(name: str, description: str) -> Part:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": TEXT}


def in_query(name: str, description: str, schema: Part | None = None) -> Part:
    return {"name": name, "in": "query", "description": description, "schema": schema or TEXT}


def in_header(name: str, description: str) -> Part:
    return {"name": name, "in": "header", "description": description, "schema": TEXT}


def filters() -> list[Part]:
    """May each be repeated."""
    several: Part = {"type": "array", "items": TEXT}
    return [in_query(name, f"{text} May be repeated.", several) for name, text in FILTERS.items()]


def after() -> Part:
    return in_query(AFTER, "The cursor to go on from; 0 is the beginning of the log.")


def limit() -> Part:
    bounds: Part = {"type": "integer", "minimum": 1, "maximum": MOST, "default": DEFAULT}
    return in_query(LIMIT, "So many events at most.", bounds)


def page() -> Part:
    """The body of a page of events."""
    events: Part = {"type": "array", "items": any_event()}
    following: Part = {"type": "string", "description": "The cursor of what follows; absent at the end."}
    return {"type": "object", "required": ["events"], "properties": {"events": events, "next": following}}


def life() -> Part:
    """The body of the life of an event."""
    steps: Part = {"type": "array", "items": {"type": "object"}}
    properties: Part = {
        "event": any_event(),
        "notifications": steps,
        "decision": {"type": "object"},
        "deliveries": steps,
    }
    return {"type": "object", "required": list(properties), "properties": properties}

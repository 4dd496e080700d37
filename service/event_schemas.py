"""The JSON Schemas of all events, as components of a larger document."""

from __future__ import annotations

from typing import Any

from workers.changes import SCHEMA_NAMES, definitions, described

_IN_COMPONENTS = "#/components/schemas/{name}"


def event_schemas() -> dict[str, Any]:
    """Component name → schema: one of each kind of event, such as `assignment.v1`, and what they have in common."""
    kinds = {kind(name): described(name, _IN_COMPONENTS) for name in SCHEMA_NAMES}
    return definitions(_IN_COMPONENTS) | kinds


def any_event() -> dict[str, Any]:
    """Of which kind an event is, its `dataschema` says."""
    return {"anyOf": [reference(kind(name)) for name in SCHEMA_NAMES]}


def kind(name: str) -> str:
    """The component of a schema name: `assignment.v1.json` → `assignment.v1`."""
    return name.removesuffix(".json")


def reference(component: str) -> dict[str, str]:
    return {"$ref": _IN_COMPONENTS.format(name=component)}

"""JSON Schemas (2020-12) of the events, one for each collection, made from the classes that write them.

New properties and new words in `meaning` may come within v1, so neither is closed.
"""

from __future__ import annotations

from typing import Any

import msgspec

from workers.changes.catalog import COLLECTIONS
from workers.changes.envelope import CloudEvent
from workers.changes.meaning import CHANGES, meanings

_COLLECTION_OF = {f"{known.singular}.v1.json": name for name, known in COLLECTIONS.items()}

SCHEMA_NAMES = tuple(_COLLECTION_OF)


def schema(name: str) -> dict[str, Any]:
    """Make the schema of a whole event, by a name of SCHEMA_NAMES such as `assignment.v1.json`. Raises KeyError."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{name}",
        **described(name, "#/$defs/{name}"),
        "$defs": definitions("#/$defs/{name}"),
    }


def described(name: str, ref_template: str) -> dict[str, Any]:
    """The same for a document that has the `definitions` where `ref_template` says. Raises KeyError."""
    collection = _COLLECTION_OF[name]
    event = {"$ref": ref_template.format(name=CloudEvent.__name__)}
    return {"title": f"Events of {collection}", "allOf": [event, {"properties": _narrowed(name, collection)}]}


def definitions(ref_template: str) -> dict[str, Any]:
    """What all events have in common, by the names of the classes; `ref_template` is `#/…/{name}`."""
    _, found = msgspec.json.schema_components([CloudEvent], ref_template=ref_template)
    return found


def _narrowed(name: str, collection: str) -> dict[str, Any]:
    singular = COLLECTIONS[collection].singular
    words = {"type": "array", "items": {"type": "string", "examples": list(meanings(collection))}}
    return {
        "type": {"enum": [f"eu.myprotime.{singular}.{change}.v1" for change in CHANGES]},
        "dataschema": {"const": f"/schemas/{name}"},
        "data": {"properties": {"collection": {"const": collection}, "meaning": words}},
    }

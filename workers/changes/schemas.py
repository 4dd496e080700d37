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
    collection = _COLLECTION_OF[name]
    (event,), definitions = msgspec.json.schema_components([CloudEvent], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"/schemas/{name}",
        "title": f"Events of {collection}",
        "allOf": [event, {"properties": _narrowed(name, collection)}],
        "$defs": definitions,
    }


def _narrowed(name: str, collection: str) -> dict[str, Any]:
    singular = COLLECTIONS[collection].singular
    words = {"type": "array", "items": {"type": "string", "examples": list(meanings(collection))}}
    return {
        "type": {"enum": [f"eu.myprotime.{singular}.{change}.v1" for change in CHANGES]},
        "dataschema": {"const": f"/schemas/{name}"},
        "data": {"properties": {"collection": {"const": collection}, "meaning": words}},
    }

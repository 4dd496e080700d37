"""The JSON shapes that the command line promises, as schemas that let nothing else through."""

from __future__ import annotations

from typing import Any

TEXT, NUMBER, TIME = {"type": "string"}, {"type": "integer"}, {"type": "string", "format": "date-time"}
TEXT_OR_NULL = {"type": ["string", "null"]}
EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "type", "subject", "time", "data"],
}


def exactly(**properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def array(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": items}


EVENTS = array(EVENT)
LIFE = exactly(
    event=EVENT,
    notifications=array({"type": "object", "required": ["received_at", "origin", "version", "decision"]}),
    decision={"type": "object", "required": ["decision", "at"]},
    deliveries=array({"type": "object", "required": ["sink", "at", "outcome"]}),
)
DEAD_LETTER = exactly(
    id=TEXT,
    sink=TEXT_OR_NULL,
    reason=TEXT,
    attempts=NUMBER,
    last_error=TEXT_OR_NULL,
    at=TIME,
    event={"anyOf": [EVENT, {"type": "null"}]},
)
_FIGURES = ("received", "delivered", "filtered", "superseded", "rejected", "dead_lettered", "in_flight")
LEDGER = array(
    exactly(tenant=TEXT, sink=TEXT, **dict.fromkeys(_FIGURES, NUMBER), balanced={"type": "boolean"})
)

"""The AsyncAPI document of the events: what a subscriber, a sink or a reader of the stream gets."""

from __future__ import annotations

from functools import cache
from typing import Any

from service import __version__
from service.event_schemas import event_schemas, kind, reference
from workers.changes import SCHEMA_NAMES

_MEDIA = "application/cloudevents+json"


@cache
def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3.0, whole in itself. One channel, one message for each kind of event."""
    kinds = [kind(name) for name in SCHEMA_NAMES]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Shiftwire",
            "version": __version__,
            "description": "Every schedule change in Protime, delivered. Events of one record come in their order.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": _MEDIA,
        "channels": {
            "events": {
                "address": "/events/stream",
                "description": "The event log as Server-Sent Events. Sinks deliver the same events.",
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in kinds},
            }
        },
        "operations": {"tellEvents": {"action": "send", "channel": {"$ref": "#/channels/events"}}},
        "components": {
            "messages": {name: _message(name) for name in kinds},
            "schemas": event_schemas(),
        },
    }


def _message(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "contentType": _MEDIA,
        "summary": f"A CloudEvent 1.0.2 whose dataschema is /schemas/{name}.json.",
        "payload": reference(name),
    }

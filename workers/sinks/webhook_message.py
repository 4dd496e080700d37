"""Events as the body and headers of one HTTP request (CloudEvents HTTP binding 1.0.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from cloudevents.core.bindings.http import to_binary_event
from cloudevents.core.v1.event import CloudEvent

from workers.events import Event

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
Mode = Literal["structured", "binary", "batch"]

_PARTS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Message:
    headers: dict[str, str]
    body: bytes


def message(events: Sequence[Event], mode: Mode) -> Message:
    """`batch` takes any number of events, the other modes one. The events' bytes are passed on as they are."""
    if mode == "batch":
        return Message({"content-type": BATCH}, b"[" + b",".join(event.json for event in events) + b"]")
    (event,) = events
    return _binary(event) if mode == "binary" else Message({"content-type": STRUCTURED}, event.json)


def _binary(event: Event) -> Message:
    parts = _PARTS.decode(event.json)
    # Given as bytes, the data is not rendered anew.
    data = bytes(parts.pop("data", msgspec.Raw(b"null")))
    attributes: dict[str, Any] = {name: _attribute(value) for name, value in parts.items()}
    attributes["time"] = datetime.fromisoformat(attributes["time"])
    rendered = to_binary_event(CloudEvent(attributes=attributes, data=data))
    return Message(rendered.headers, rendered.body)


def _attribute(value: msgspec.Raw) -> Any:
    """As decoded, but for a Boolean, which the library would write as Python does."""
    decoded = msgspec.json.decode(value)
    return str(decoded).lower() if isinstance(decoded, bool) else decoded

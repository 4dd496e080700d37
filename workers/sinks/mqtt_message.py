"""An event as an MQTT 5 PUBLISH packet. Imports the client: only for who has the extra."""

from __future__ import annotations

from typing import Final

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes

#: Of the fixed header, the length of the topic and the packet id together.
_OVERHEAD_BYTES: Final = 9


def properties_of(event: Event) -> Properties:
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.PayloadFormatIndicator = 1
    properties.ContentType = CONTENT_TYPE
    properties.UserProperty = list(attributes(event.head).items())
    return properties


def size_of(topic: str, payload: bytes, properties: Properties) -> int:
    """Bytes of the packet, at most."""
    packed: bytes = properties.pack()  # type: ignore[no-untyped-call]
    return _OVERHEAD_BYTES + len(topic.encode()) + len(packed) + len(payload)

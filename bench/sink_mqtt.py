"""The mqtt sink against paho's own loop: `python -m bench.sink_mqtt [HOST:PORT]`."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Sequence
from uuid import uuid4

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.mqtt import MqttOptions, MqttSink

ADDRESS = sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:1883"
TOPIC = f"bench-{uuid4().hex[:8]}"


async def bare(events: Sequence[Event]) -> float:
    """The same messages, acknowledged batch after batch."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    accepted = threading.Event()
    client.on_connect = lambda *_: accepted.set()
    host, _, port = ADDRESS.partition(":")
    client.connect(host, int(port))
    client.loop_start()
    await asyncio.to_thread(accepted.wait, 5)
    seconds = await asyncio.to_thread(publish, client, events)
    client.disconnect()
    client.loop_stop()
    return seconds


def publish(client: Client, events: Sequence[Event]) -> float:
    clock = time.perf_counter
    started = clock()
    for at in range(0, len(events), BATCH):
        some = events[at : at + BATCH]
        sent = [client.publish(TOPIC, event.json, 1, properties=properties(event)) for event in some]
        for one in sent:
            one.wait_for_publish(10)
    return clock() - started


def properties(event: Event) -> Properties:
    told = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    told.PayloadFormatIndicator = 1
    told.ContentType = CONTENT_TYPE
    told.UserProperty = list(attributes(event.head).items())
    return told


async def ours(events: Sequence[Event]) -> float:
    sink = MqttSink("bench", MqttOptions(type="mqtt", url=f"mqtt://{ADDRESS}", topic=TOPIC, batch=BATCH))
    await delivered(sink, events[:1])
    seconds = await delivered(sink, events)
    await sink.close()
    return seconds


if __name__ == "__main__":
    compare("mqtt", bare, ours)

"""MQTT as a rig: a subscriber of its own at the shared broker, which the sink reaches through a proxy."""

from __future__ import annotations

import json
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.workers.sinks.servers import needs
from tests.workers.sinks.tcp_proxy import TcpProxy
from workers.sinks import REGISTRY
from workers.sinks.base import Sink


class Subscriber:
    """Collects what is published below a topic, from the moment it is made."""

    def __init__(self, topic: str, port: int = 1883) -> None:
        self._messages: list[MQTTMessage] = []
        self._fence = f"{topic}/fence"
        self._ready = threading.Event()
        self._passed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda *_: self._client.subscribe(f"{topic}/#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(5)

    def messages(self) -> list[MQTTMessage]:
        """All that the broker had acknowledged until now: what it hands on is in order, the fence comes last."""
        self._passed.clear()
        self._client.publish(self._fence, b"", qos=1)
        assert self._passed.wait(10)
        return list(self._messages)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _: Client, __: Any, message: MQTTMessage) -> None:
        if message.topic == self._fence:
            self._passed.set()
        else:
            self._messages.append(message)


class MqttRig:
    secrets = ("hunter22-of-mqtt",)

    def __init__(self, _: Path) -> None:
        needs("127.0.0.1", 1883, "an MQTT broker")
        self.name = f"shiftwire-test-{uuid4().hex[:8]}"
        self.subscriber = Subscriber(self.name)
        self.proxy = TcpProxy("127.0.0.1", 1883)
        self.proxy.start()

    def sink(self, **options: Any) -> Sink:
        url = f"mqtt://rig:{self.secrets[0]}@127.0.0.1:{self.proxy.port}"
        given = {"url": url, "topic": f"{self.name}/{{tenant}}/{{collection}}/{{id}}"} | options
        self.options = REGISTRY["mqtt"].options(type="mqtt", **given)
        return REGISTRY["mqtt"].create("bus", self.options)

    def subjects(self) -> list[str]:
        return [json.loads(message.payload)["subject"] for message in self.subscriber.messages()]

    def ids(self) -> list[str]:
        return [dict(message.properties.UserProperty)["id"] for message in self.subscriber.messages()]

    def take_away(self) -> None:
        self.proxy.stop()

    def bring_back(self) -> None:
        self.proxy.start()

    def restart(self) -> None:
        self.proxy.restart()

    def stalled(self) -> AbstractContextManager[None]:
        return self.proxy.stalled()

    def close(self) -> None:
        self.proxy.close()
        self.subscriber.close()

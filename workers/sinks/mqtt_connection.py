"""A connection to an MQTT 5 broker. Imports the client: only for who has the extra.

The client's network loop runs in a thread of its own; what it tells is handed to the event loop. paho itself and not an
asyncio wrapper around it, because only paho passes on the reason codes of acknowledgements and the limits of the broker.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from workers.events import Event
from workers.sinks.destinations import filled
from workers.sinks.link import ConnectionLost
from workers.sinks.mqtt import MqttOptions, Refused
from workers.sinks.mqtt_message import properties_of, size_of
from workers.sinks.threads import Threads

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
_KEEPALIVE_SECONDS: Final = 30
#: Messages that wait for their acknowledgement; fewer where the broker takes fewer at a time.
_WINDOW: Final = 1000
_GOODBYE_SECONDS: Final = 0.5
_QOS_NOT_SUPPORTED: Final = 0x9B
_RETAIN_NOT_SUPPORTED: Final = 0x9A
_PACKET_TOO_LARGE: Final = 0x95


class MqttConnection:
    def __init__(self, options: MqttOptions) -> None:
        self._loop = asyncio.get_running_loop()
        self.lost: asyncio.Future[Exception | None] = self._loop.create_future()
        self._accepted: asyncio.Future[None] = self._loop.create_future()
        self._options = options
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._largest: int | None = None
        self._window = asyncio.Semaphore(_WINDOW)
        self._client = self._made()
        self._threads = Threads("mqtt", 2)

    def _made(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"shiftwire-{uuid4().hex[:16]}",
            protocol=MQTTProtocolVersion.MQTTv5,
            # The sink makes a new connection itself: this one would send what nobody waits for any more.
            reconnect_on_failure=False,
        )
        # The window is kept here, where the broker's own limit is known.
        client.max_inflight_messages_set(0)
        client.connect_timeout = self._options.timeout_seconds
        client.username_pw_set(self._options.user, self._options.password)
        if (tls := self._options.tls()) is not None:
            client.tls_set_context(tls)
        client.on_socket_open = _send_at_once
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        return client

    async def open(self) -> None:
        address = self._options.address
        port = address.port or _PORTS[address.scheme]
        await self._threads.run(
            self._client.connect, address.hostname or "", port, _KEEPALIVE_SECONDS, clean_start=True
        )
        self._client.loop_start()
        await self._accepted

    async def publish(self, event: Event) -> None:
        topic, properties = filled(self._options.topic, event.head), properties_of(event)
        if self._largest is not None and size_of(topic, event.json, properties) > self._largest:
            raise Refused(_PACKET_TOO_LARGE, f"larger than the {self._largest} bytes the broker takes")
        async with self._window:
            await self._acknowledged(topic, event.json, properties)

    async def _acknowledged(self, topic: str, payload: bytes, properties: Properties) -> None:
        sent = self._client.publish(topic, payload, 1, self._options.retain, properties)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise ConnectionLost
        # The acknowledgement comes through the event loop: it cannot be earlier than this.
        waiting = self._waiting[sent.mid] = self._loop.create_future()
        try:
            await waiting
        finally:
            del self._waiting[sent.mid]

    async def close(self) -> None:
        try:
            if self._client.disconnect() == MQTTErrorCode.MQTT_ERR_SUCCESS:
                await asyncio.wait({self.lost}, timeout=_GOODBYE_SECONDS)
        finally:
            self._cut()
            try:
                await self._threads.run(self._client.loop_stop)
            finally:
                self._threads.close()

    def _cut(self) -> None:
        """End the network loop of a broker that takes nothing any more."""
        if isinstance(cable := self._client.socket(), socket.socket):
            with contextlib.suppress(OSError):
                cable.shutdown(socket.SHUT_RDWR)

    # Called by the network loop, in its thread.

    def _on_connect(
        self, _: Client, __: Any, ___: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        limits = properties.json() if properties is not None else {}  # type: ignore[no-untyped-call]
        self._tell(self._settle, code, limits)

    def _on_publish(self, _: Client, __: Any, mid: int, code: ReasonCode, ___: Properties) -> None:
        self._tell(self._acknowledge, mid, code)

    def _on_disconnect(
        self, _: Client, __: Any, ___: DisconnectFlags, code: ReasonCode, ____: Properties | None
    ) -> None:
        self._tell(self._end, code)

    def _tell(self, what: Callable[..., None], *arguments: Any) -> None:
        # The event loop may have been closed before the thread came to its end.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(what, *arguments)

    # In the event loop again.

    def _settle(self, code: ReasonCode, limits: dict[str, Any]) -> None:
        self._largest = limits.get("MaximumPacketSize")
        self._window = asyncio.Semaphore(min(_WINDOW, limits.get("ReceiveMaximum", _WINDOW)))
        error = _refusal(code) or _missing(limits, retain=self._options.retain)
        if not self._accepted.done():
            self._accepted.set_exception(error) if error else self._accepted.set_result(None)

    def _acknowledge(self, mid: int, code: ReasonCode) -> None:
        waiting = self._waiting.get(mid)
        if waiting is not None and not waiting.done():
            error = _refusal(code)
            waiting.set_exception(error) if error else waiting.set_result(None)

    def _end(self, code: ReasonCode) -> None:
        if not self._accepted.done():
            self._accepted.set_exception(_refusal(code) or ConnectionLost())
        if not self.lost.done():
            self.lost.set_result(_refusal(code) if code.value != 0x80 else None)


def _send_at_once(_: Client, __: Any, cable: Any) -> None:
    """Small packets that wait for each other's acknowledgement cost tens of milliseconds."""
    if isinstance(cable, socket.socket):
        cable.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _refusal(code: ReasonCode) -> Refused | None:
    return Refused(code.value, code.getName()) if code.is_failure else None


def _missing(limits: dict[str, Any], *, retain: bool) -> Refused | None:
    """What the broker said it cannot do, though the sink needs it."""
    if limits.get("MaximumQoS", 2) < 1:
        return Refused(_QOS_NOT_SUPPORTED, "the broker does not acknowledge: it takes QoS 0 only")
    if retain and limits.get("RetainAvailable", 1) == 0:
        return Refused(_RETAIN_NOT_SUPPORTED, "the broker retains nothing: leave retain out")
    return None

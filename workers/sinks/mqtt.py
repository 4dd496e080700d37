"""MQTT 5 with QoS 1: an event is delivered when the broker has acknowledged it.

The payload is the structured CloudEvent with its content type, its attributes are user properties, as the CloudEvents
binding for MQTT names them. MQTT has no keys: a repetition is known by the property `id`.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, Field

from workers.sinks.base import Failure
from workers.sinks.broker import BrokerSink
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.destinations import WITH_ID, example
from workers.sinks.extras import Extra

#: Reason codes of MQTT 5 (2.4): topic name invalid, packet too large, payload format invalid.
_THE_EVENTS_OWN: Final = frozenset({0x90, 0x95, 0x99})
#: Malformed packet, protocol error: some brokers say so, and end the connection, for what is only too large for them.
_MAYBE_THE_EVENTS: Final = frozenset({0x81, 0x82})
_NOT_AUTHORIZED: Final = 0x87


def _topic(template: str) -> str:
    topic = example(template, WITH_ID)
    if any(c in "+#" or not c.isprintable() for c in topic):
        raise ValueError("must not have wildcards or control characters")
    if topic.startswith("$"):
        raise ValueError("must not begin with $: such topics belong to the broker")
    if len(topic.encode()) > 1024:
        raise ValueError("must not be longer than 1024 bytes")
    return template


class MqttOptions(BrokerOptions):
    extra: ClassVar[Extra | None] = Extra("mqtt", "paho")
    schemes: ClassVar[tuple[str, ...]] = ("mqtt", "mqtts")
    secure: ClassVar[tuple[str, ...]] = ("mqtts",)

    type: Literal["mqtt"]
    topic: Annotated[str, AfterValidator(_topic)] = Field(
        default="shiftwire/{tenant}/{collection}/{id}",
        description="may hold {tenant}, {collection}, {change}, {type} and {id}; with {id} every record has a topic of its own",
    )
    retain: bool = Field(
        default=False, description="the broker keeps the last event of each topic for whoever comes later"
    )


class MqttSink(BrokerSink):
    def __init__(self, name: str, options: MqttOptions) -> None:
        # Imported here, an extra: at its first connection it would hold up every lane of the worker for as long as that takes.
        from workers.sinks.mqtt_connection import MqttConnection  # noqa: PLC0415

        super().__init__(name, options, make=partial(MqttConnection, options), judge=judge)


class Refused(Exception):
    """The broker's answer, or the sink's own to what the broker said that it cannot take."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def judge(error: Exception) -> Failure:
    """What an error of the connection means. Codes: MQTT 5, 2.4."""
    if not isinstance(error, Refused):
        return Failure(f"{type(error).__name__}: {error}", scope="sink")
    said = f"MQTT 0x{error.code:02X}: {error}"
    if error.code in _THE_EVENTS_OWN:
        return Failure(said, permanent=True)
    if error.code in _MAYBE_THE_EVENTS:
        return Failure(said)
    if error.code == _NOT_AUTHORIZED:
        return Failure(f"{said} (check the user and what the broker lets it publish)", scope="sink")
    return Failure(said, scope="sink")

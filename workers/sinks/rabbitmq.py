"""RabbitMQ (AMQP 0-9-1): persistent messages with publisher confirms; `message_id` is the event id.

The body is the structured CloudEvent, its attributes stand in the headers under `cloudEvents_`, which a headers exchange
can match, as the CloudEvents binding for AMQP names them.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from workers.sinks.base import Failure
from workers.sinks.broker import BrokerSink
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.destinations import PLACEHOLDERS, example
from workers.sinks.extras import Extra


def _routing_key(template: str) -> str:
    if len(example(template, PLACEHOLDERS).encode()) > 255:
        raise ValueError("must not be longer than 255 bytes")
    return template


def _exchange(name: str) -> str:
    if len(name.encode()) > 127:
        raise ValueError("must not be longer than 127 bytes")
    return name


class RabbitmqOptions(BrokerOptions):
    extra: ClassVar[Extra | None] = Extra("rabbitmq", "aio_pika")
    schemes: ClassVar[tuple[str, ...]] = ("amqp", "amqps")
    secure: ClassVar[tuple[str, ...]] = ("amqps",)

    type: Literal["rabbitmq"]
    exchange: Annotated[str, AfterValidator(_exchange)] = Field(
        default="shiftwire",
        description='an exchange that exists; "" is the default exchange, whose routing keys are names of queues',
    )
    routing_key: Annotated[str, AfterValidator(_routing_key)] = Field(
        default="{tenant}.{collection}.{change}",
        description="may hold {tenant}, {collection}, {change} and {type}",
    )
    declare: bool = Field(
        default=False, description="make the exchange (topic, durable) if it is not there yet"
    )
    unroutable: Literal["dead_letter", "drop"] = Field(
        default="dead_letter",
        description="what becomes of an event that the exchange hands to no queue; drop: it counts as delivered",
    )

    @model_validator(mode="after")
    def _declarable(self) -> Self:
        if self.declare and (not self.exchange or self.exchange.startswith("amq.")):
            raise ValueError("declare: the default exchange and those that begin with amq. are always there")
        return self


class RabbitmqSink(BrokerSink):
    def __init__(self, name: str, options: RabbitmqOptions) -> None:
        # Imported here, an extra: at its first connection it would hold up every lane of the worker for as long as that takes.
        from workers.sinks.rabbitmq_connection import RabbitmqConnection  # noqa: PLC0415

        # To look at the broker makes no exchange: where it would be made, logging in is all there is to see.
        seen = options.model_copy(update={"declare": False, "exchange": ""}) if options.declare else options
        make, look = partial(RabbitmqConnection, options), partial(RabbitmqConnection, seen)
        super().__init__(name, options, make=make, judge=judge, look=look)


def judge(error: Exception) -> Failure:
    """What an error of aio-pika means."""
    from aio_pika import exceptions  # noqa: PLC0415 an extra

    if isinstance(error, exceptions.PublishError):
        return Failure(f"unroutable: no queue takes it from the exchange ({error})", permanent=True)
    if isinstance(error, exceptions.DeliveryError):
        return Failure(f"the broker refused it, a queue may be full ({error})")
    if isinstance(error, exceptions.ChannelPreconditionFailed):
        return Failure(f"the broker refused it: {error}", permanent=True)
    if isinstance(error, exceptions.ChannelNotFoundEntity):
        return Failure(f"{error} (create it, or set `declare: true`)", scope="sink")
    return Failure(f"{type(error).__name__}: {error}", scope="sink")

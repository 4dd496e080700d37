"""A connection to RabbitMQ with one channel: when either ends, both do. Imports the client: only for who has the extra."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPChannelError, ChannelInvalidStateError

from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.destinations import filled
from workers.sinks.link import ConnectionLost
from workers.sinks.rabbitmq import RabbitmqOptions

#: A broker that fell silent is noticed after about three of these, and nothing of the connection is left.
_HEARTBEAT_SECONDS: Final = 10


class RabbitmqConnection:
    def __init__(self, options: RabbitmqOptions) -> None:
        self.lost: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._options = options
        self._connection: AbstractConnection | None = None
        self._exchange: AbstractExchange | None = None

    async def open(self) -> None:
        self._connection = await aio_pika.connect(
            f"{self._options.url}?heartbeat={_HEARTBEAT_SECONDS}",
            ssl_context=self._options.tls(),
            client_properties={"connection_name": "shiftwire"},
        )
        channel = await self._connection.channel(on_return_raises=True)
        self._connection.close_callbacks.add(self._on_end)
        channel.close_callbacks.add(self._on_end)
        self._exchange = await _exchange_of(channel, self._options)

    async def publish(self, event: Event) -> None:
        if self._exchange is None:
            raise ConnectionLost
        routing_key = filled(self._options.routing_key, event.head)
        mandatory = self._options.unroutable == "dead_letter"
        try:
            await self._exchange.publish(_message(event), routing_key, mandatory=mandatory)
        except (ConnectionError, AMQPChannelError, ChannelInvalidStateError) as error:
            raise ConnectionLost from error

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    def _on_end(self, _: Any, reason: BaseException | None = None) -> None:
        if not self.lost.done():
            self.lost.set_result(reason if isinstance(reason, Exception) else None)


async def _exchange_of(channel: AbstractChannel, options: RabbitmqOptions) -> AbstractExchange:
    if not options.exchange:
        return channel.default_exchange
    if options.declare:
        return await channel.declare_exchange(options.exchange, aio_pika.ExchangeType.TOPIC, durable=True)
    return await channel.get_exchange(options.exchange)


def _message(event: Event) -> aio_pika.Message:
    head = event.head
    return aio_pika.Message(
        event.json,
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=head.id,
        type=head.type,
        headers=dict(attributes(head, "cloudEvents_")),
    )

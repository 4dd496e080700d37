"""RabbitMQ as a rig: an exchange and a queue of its own on the shared broker, which the sink reaches through a proxy."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika

from tests.workers.sinks.apart import Apart
from tests.workers.sinks.servers import needs
from tests.workers.sinks.tcp_proxy import TcpProxy
from workers.sinks import REGISTRY
from workers.sinks.base import Sink

URL = "amqp://guest:guest@127.0.0.1/"


class RabbitmqRig:
    #: The broker knows nobody else; a password of its own is tested beside this suite.
    secrets = ()

    def __init__(self, _: Path) -> None:
        needs("127.0.0.1", 5672, "RabbitMQ")
        self.name = f"shiftwire-test-{uuid4().hex[:8]}"
        self.messages: list[Any] = []
        self.apart = Apart()
        self.apart.run(self._set_up())
        self.proxy = TcpProxy("127.0.0.1", 5672)
        self.proxy.start()

    async def _set_up(self) -> None:
        self.connection = await aio_pika.connect(URL)
        self.channel = await self.connection.channel()
        self.queue = await self.channel.declare_queue(self.name)
        await self.restore()

    async def restore(self) -> None:
        """The exchange, bound to the queue."""
        self.exchange = await self.channel.declare_exchange(self.name, aio_pika.ExchangeType.TOPIC)
        await self.queue.bind(self.exchange, "#")

    def sink(self, **options: Any) -> Sink:
        given = {"url": f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/", "exchange": self.name} | options
        self.options = REGISTRY["rabbitmq"].options(type="rabbitmq", **given)
        return REGISTRY["rabbitmq"].create("bus", self.options)

    def arrived(self) -> list[Any]:
        self.apart.run(self._drain())
        return self.messages

    async def _drain(self) -> None:
        while (message := await self.queue.get(no_ack=True, fail=False)) is not None:
            self.messages.append(message)

    def subjects(self) -> list[str]:
        return [json.loads(message.body)["subject"] for message in self.arrived()]

    def ids(self) -> list[str]:
        return [message.message_id for message in self.arrived()]

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
        self.apart.run(self._tear_down())
        self.apart.close()

    async def _tear_down(self) -> None:
        await self.queue.delete(if_unused=False, if_empty=False)
        await self.exchange.delete()
        await self.connection.close()

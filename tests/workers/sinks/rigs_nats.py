"""NATS as a rig: a stream of its own on the shared server, which the sink reaches through a proxy."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCame
from nats.js.api import ConsumerConfig, StorageType, StreamConfig

from tests.workers.sinks.apart import Apart
from tests.workers.sinks.servers import needs
from tests.workers.sinks.tcp_proxy import TcpProxy
from workers.sinks import REGISTRY
from workers.sinks.base import Sink


class NatsRig:
    secrets = ("hunter22-of-nats",)
    #: The server's max_payload, headers included.
    largest = 1_048_576

    def __init__(self, _: Path) -> None:
        needs("127.0.0.1", 4222, "NATS with JetStream")
        self.name = f"shiftwire-test-{uuid4().hex[:8]}"
        self.messages: list[Msg] = []
        self.apart = Apart()
        self.apart.run(self._set_up())
        self.proxy = TcpProxy("127.0.0.1", 4222)
        self.proxy.start()

    async def _set_up(self) -> None:
        self.client = Client()
        await self.client.connect("nats://127.0.0.1:4222")
        config = StreamConfig(name=self.name, subjects=[f"{self.name}.>"], storage=StorageType.MEMORY)
        self.stream = self.client.jetstream()
        await self.stream.add_stream(config)
        self.reading = await self.stream.pull_subscribe(
            f"{self.name}.>", stream=self.name, config=ConsumerConfig(inactive_threshold=60)
        )

    def sink(self, **options: Any) -> Sink:
        url = f"nats://rig:{self.secrets[0]}@127.0.0.1:{self.proxy.port}"
        given = {"url": url, "subject": f"{self.name}.{{tenant}}.{{collection}}.{{change}}"} | options
        self.options = REGISTRY["nats"].options(type="nats", **given)
        return REGISTRY["nats"].create("bus", self.options)

    def arrived(self) -> list[Msg]:
        self.apart.run(self._drain())
        return self.messages

    async def _drain(self) -> None:
        while (await self.reading.consumer_info()).num_pending:
            try:
                self.messages += await self.reading.fetch(100, timeout=0.5)
            except NothingCame:
                return

    def subjects(self) -> list[str]:
        return [json.loads(message.data)["subject"] for message in self.arrived()]

    def ids(self) -> list[str]:
        return [message.headers["Nats-Msg-Id"] for message in self.arrived()]

    #: A repetition does not get into the stream.
    distinct = ids

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
        await self.stream.delete_stream(self.name)
        await self.client.close()

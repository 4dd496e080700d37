"""Kafka as a rig: a mock cluster, and a topic of one partition, in which the order is to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.workers.sinks.mock_kafka import MockKafka
from workers.sinks import REGISTRY
from workers.sinks.base import Sink

PASSWORD = "word-of-kafka"


class KafkaRig:
    secrets = (PASSWORD,)
    #: Bytes; librdkafka's own limit unless it is told another one.
    largest = 1_000_000

    def __init__(self, _: Path) -> None:
        self.cluster = MockKafka()
        self.cluster.create("shiftwire.acme", 1)

    def sink(self, **options: Any) -> Sink:
        given = {"sasl.username": "me", "sasl.password": PASSWORD}
        self.options = REGISTRY["kafka"].options(
            type="kafka", **{"bootstrap_servers": self.cluster.servers, "options": given} | options
        )
        return REGISTRY["kafka"].create("broker", self.options)

    def subjects(self) -> list[str]:
        return [event["subject"] for event in self.cluster.events("shiftwire.acme")]

    def ids(self) -> list[str]:
        return [
            dict(message.headers())["ce_id"].decode() for message in self.cluster.messages("shiftwire.acme")
        ]

    def take_away(self) -> None:
        self.cluster.set_down()

    def bring_back(self) -> None:
        self.cluster.set_up()

    def restart(self) -> None:
        self.take_away()
        self.bring_back()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self.cluster.answer_after(5000)
        try:
            yield
        finally:
            self.cluster.answer_after(0)

    def close(self) -> None:
        self.cluster.close()

"""Kafka: an idempotent producer that waits for all in-sync replicas; the key of a message is its partition key.

The value is the structured CloudEvent; its attributes stand in the headers under `ce_`, as the CloudEvents binding for
Kafka names them. A retry of librdkafka adds nothing; a retry after a failed delivery may, and has the same `ce_id`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.destinations import filled
from workers.sinks.kafka_options import KafkaOptions
from workers.sinks.kafka_producer import KafkaProducer, Message
from workers.sinks.kafka_verdicts import Report, given_up, verdict
from workers.sinks.reasons import readable
from workers.sinks.rounds import in_rounds

#: Brokers that cannot be reached are tried for as long as one waits: for a look less is enough.
_LOOK_SECONDS: Final = 5.0


class KafkaSink:
    def __init__(self, name: str, options: KafkaOptions) -> None:
        # Imported here: only who has such a sink has the library.
        from confluent_kafka import KafkaException  # noqa: PLC0415

        self._unusable = KafkaException
        self._name = name
        self._options = options
        self._producer: KafkaProducer | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"KafkaSink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """Resources side by side, the events of each one after the other."""
        deadline = asyncio.get_running_loop().time() + self._options.timeout_seconds
        return await in_rounds(events, self._options.batch, partial(self._send, deadline))

    async def look(self) -> Look:
        """The list of topics, for which a broker wants a login where it wants any."""
        seconds = min(self._options.timeout_seconds, _LOOK_SECONDS)
        try:
            return Look(await (await self._usable()).ask(seconds))
        except self._unusable as error:
            return Look(readable(error.args[0].str(), hide=self._options.hidden))

    async def close(self) -> None:
        self._closed = True
        await self._drop()

    async def _send(self, deadline: float, events: Sequence[Event]) -> dict[int, Failure]:
        if self._closed:
            return dict.fromkeys(range(len(events)), CLOSED)
        try:
            producer = await self._usable()
        except self._unusable as error:
            reason = readable(error.args[0].str(), hide=self._options.hidden)
            return dict.fromkeys(range(len(events)), Failure(reason, scope="sink"))
        reports = await producer.send([self._message(event) for event in events], deadline)
        return {
            index: self._failure(report, producer, alone=len(events) == 1)
            for index, report in enumerate(reports)
            if report is not None
        }

    async def _usable(self) -> KafkaProducer:
        """Raises KafkaException when librdkafka cannot work with the settings on this machine."""
        if self._producer is not None and self._producer.broken:
            await self._drop()
        if self._producer is None:
            self._producer = KafkaProducer(settings(self._options), self._options.hidden)
        return self._producer

    async def _drop(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            await producer.close()

    def _message(self, event: Event) -> Message:
        head = event.head
        headers: dict[str, str | bytes | None] = {"content-type": CONTENT_TYPE, **attributes(head, "ce_")}
        return Message(filled(self._options.topic, head), head.partitionkey, event.json, headers)

    def _failure(self, report: Report, producer: KafkaProducer, *, alone: bool) -> Failure:
        seconds = self._options.timeout_seconds
        waited = given_up(seconds, producer.trouble, is_down=producer.is_down)
        why = producer.trouble if producer.broken else waited
        return verdict(report, alone=alone, one_topic="{" not in self._options.topic, why_given_up=why)


def settings(options: KafkaOptions) -> dict[str, Any]:
    """Librdkafka's settings: what the promises need, and over the rest what the user gave."""
    milliseconds = max(10, int(options.timeout_seconds * 1000))
    return {
        "client.id": "shiftwire",
        # As the Java clients do it: the same key lies in the same partition, whoever wrote it.
        "partitioner": "murmur2_random",
        # A delivery waits for its reports: nothing is gained by collecting more.
        "linger.ms": "0",
        "queue.buffering.max.kbytes": "131072",
        "reconnect.backoff.max.ms": "1000",
        "topic.metadata.propagation.max.ms": "5000",
        # Troubles are in the reasons of failures; on standard error they would be neither JSON nor without repetition.
        "log_level": "0",
        **options.given,
        "bootstrap.servers": options.bootstrap_servers,
        "enable.idempotence": "true",
        "acks": "all",
        "message.timeout.ms": str(milliseconds),
        "socket.timeout.ms": str(milliseconds),
    }

"""The kafka sink against a producer's own loop: `python -m bench.sink_kafka [SERVERS]`, by default librdkafka's mock cluster."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence

from confluent_kafka import KafkaError, Message, Producer

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.kafka import KafkaSink
from workers.sinks.kafka_options import KafkaOptions

_MOCK = Producer({"test.mock.num.brokers": 1, "log_level": 0})
_BROKER = next(iter(_MOCK.list_topics(timeout=5).brokers.values()))
SERVERS = sys.argv[1] if len(sys.argv) > 1 else f"{_BROKER.host}:{_BROKER.port}"


def acknowledged(error: KafkaError | None, _: Message) -> None:
    assert error is None, error


async def bare(events: Sequence[Event]) -> float:
    """The same messages with the same guarantees, flushed after each batch."""
    producer = Producer(
        {"bootstrap.servers": SERVERS, "enable.idempotence": True, "linger.ms": 0, "log_level": 0}
    )
    producer.produce("bench", b"first", on_delivery=acknowledged)
    producer.flush()
    clock = asyncio.get_running_loop().time
    started = clock()
    for at in range(0, len(events), BATCH):
        for event in events[at : at + BATCH]:
            headers: dict[str, str | bytes | None] = {"content-type": CONTENT_TYPE}
            headers |= attributes(event.head, "ce_")
            key = event.head.partitionkey
            producer.produce("bench", event.json, key, headers=headers, on_delivery=acknowledged)
        assert producer.flush() == 0
    return clock() - started


async def ours(events: Sequence[Event]) -> float:
    options = KafkaOptions(type="kafka", bootstrap_servers=SERVERS, topic="bench", batch=BATCH)
    sink = KafkaSink("bench", options)
    await delivered(sink, events[:1])
    seconds = await delivered(sink, events)
    await sink.close()
    return seconds


if __name__ == "__main__":
    compare("kafka", bare, ours)

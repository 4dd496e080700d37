"""The rabbitmq sink against aio-pika's own loop: `python -m bench.sink_rabbitmq [URL]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import uuid4

import aio_pika

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.rabbitmq import RabbitmqOptions, RabbitmqSink

URL = sys.argv[1] if len(sys.argv) > 1 else "amqp://guest:guest@127.0.0.1:5672/"


async def bare(events: Sequence[Event]) -> float:
    """The same persistent messages, published together and confirmed, batch after batch."""
    name = f"bench-{uuid4().hex[:8]}"
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel(on_return_raises=True)
        queue = await channel.declare_queue(name, durable=True)
        clock = asyncio.get_running_loop().time
        started = clock()
        for at in range(0, len(events), BATCH):
            some = events[at : at + BATCH]
            await asyncio.gather(*(channel.default_exchange.publish(message(e), name) for e in some))
        seconds = clock() - started
        await queue.delete(if_unused=False, if_empty=False)
    return seconds


def message(event: Event) -> aio_pika.Message:
    head = event.head
    return aio_pika.Message(
        event.json,
        content_type=CONTENT_TYPE,
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        message_id=head.id,
        type=head.type,
        headers=dict(attributes(head, "cloudEvents_")),
    )


async def ours(events: Sequence[Event]) -> float:
    name = f"bench-{uuid4().hex[:8]}"
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(name, durable=True)
        options = RabbitmqOptions(type="rabbitmq", url=URL, exchange="", routing_key=name, batch=BATCH)
        sink = RabbitmqSink("bench", options)
        await delivered(sink, events[:1])
        seconds = await delivered(sink, events)
        await sink.close()
        await queue.delete(if_unused=False, if_empty=False)
    return seconds


if __name__ == "__main__":
    compare("rabbitmq", bare, ours)

"""The nats sink against nats-py's own loop: `python -m bench.sink_nats [URL]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

from nats.aio.client import Client
from nats.js.api import StreamConfig

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.attributes import CONTENT_TYPE, attributes
from workers.sinks.nats import NatsOptions, NatsSink

URL = sys.argv[1] if len(sys.argv) > 1 else "nats://127.0.0.1:4222"


@asynccontextmanager
async def stream() -> AsyncIterator[tuple[Client, str]]:
    """A connection, and a stream on disk of its own."""
    name = f"bench-{uuid4().hex[:8]}"
    client = Client()
    await client.connect(URL)
    context = client.jetstream()
    await context.add_stream(StreamConfig(name=name, subjects=[f"{name}.>"]))
    try:
        yield client, name
    finally:
        await context.delete_stream(name)
        await client.close()


async def bare(events: Sequence[Event]) -> float:
    """The same messages by the client's own asynchronous publishing, acknowledged batch after batch."""
    async with stream() as (client, name):
        context = client.jetstream()
        clock = asyncio.get_running_loop().time
        started = clock()
        for at in range(0, len(events), BATCH):
            acknowledged = [
                await context.publish_async(
                    f"{name}.{event.head.data.tenant}",
                    event.json,
                    headers={
                        "Nats-Msg-Id": event.id,
                        "Content-Type": CONTENT_TYPE,
                        **attributes(event.head, "ce-"),
                    },
                )
                for event in events[at : at + BATCH]
            ]
            await asyncio.gather(*acknowledged)
        return clock() - started


async def ours(events: Sequence[Event]) -> float:
    async with stream() as (_, name):
        sink = NatsSink("bench", NatsOptions(type="nats", url=URL, subject=f"{name}.{{tenant}}", batch=BATCH))
        await delivered(sink, events[:1])
        seconds = await delivered(sink, events)
        await sink.close()
        return seconds


if __name__ == "__main__":
    compare("nats", bare, ours)

"""The redis sink against pipelines of XADD: `python -m bench.sink_redis [URL]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from uuid import uuid4

from redis.asyncio import Redis

from bench.sink_ratio import BATCH, compare, delivered
from workers.events import Event
from workers.sinks.redis import RedisOptions, RedisSink

URL = sys.argv[1] if len(sys.argv) > 1 else "redis://127.0.0.1:6379"
STREAM = f"bench-{uuid4().hex[:8]}"


async def bare(events: Sequence[Event]) -> float:
    """The fields of the sink's entries, without the sink's memory of event ids."""
    client = Redis.from_url(URL)
    clock = asyncio.get_running_loop().time
    started = clock()
    for at in range(0, len(events), BATCH):
        pipeline = client.pipeline(transaction=False)
        for event in events[at : at + BATCH]:
            head = event.head
            pipeline.xadd(
                STREAM,
                {
                    "id": head.id,
                    "type": head.type,
                    "source": head.source,
                    "subject": head.subject,
                    "partitionkey": head.partitionkey,
                    "event": event.json,
                },
            )
        await pipeline.execute()
    seconds = clock() - started
    await client.aclose()
    await clean_up()
    return seconds


async def ours(events: Sequence[Event]) -> float:
    sink = RedisSink("bench", RedisOptions(type="redis", url=URL, stream=STREAM, batch=BATCH))
    seconds = await delivered(sink, events)
    await sink.close()
    await clean_up()
    return seconds


async def clean_up() -> None:
    client = Redis.from_url(URL)
    await client.delete(STREAM, f"{STREAM}:ids")
    await client.aclose()


if __name__ == "__main__":
    compare("redis", bare, ours)

"""Sinks that are not configured any more: what they have left in the store, and what waits for them there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import cast

from redis.asyncio import Redis

from workers.store.keys import Partition
from workers.store.streams import number

#: The counters of a partition that are kept for each sink.
_KINDS = frozenset({"delivered", "filtered", "dead", "parked", "start"})


@dataclass
class FormerSink:
    """`parked`: events that wait for their retry; `behind`: events of the log that it has not got."""

    parked: int = 0
    behind: int = 0


async def former_sinks(redis: Redis, partition: Partition, configured: Collection[str]) -> list[str]:
    """The names of all sinks that ever got or refused anything here, but for those that are configured."""
    return sorted(_names(await _counts(redis, partition)) - set(configured))


async def what_waits(
    redis: Redis, partitions: Collection[Partition], configured: Collection[str]
) -> dict[str, FormerSink]:
    """By sink, those for which something waits. Raises `redis.exceptions.RedisError`."""
    found: dict[str, FormerSink] = {}
    for partition in partitions:
        counts = await _counts(redis, partition)
        for sink in _names(counts) - set(configured):
            waiting = found.setdefault(sink, FormerSink())
            waiting.parked += counts.get(f"parked:{sink}", 0)
            cursor = await number(redis, partition.of_sink("cursor", sink))
            waiting.behind += max(0, counts.get("applied", 0) - cursor)
    return {sink: waiting for sink, waiting in found.items() if waiting.parked or waiting.behind}


async def _counts(redis: Redis, partition: Partition) -> Mapping[str, int]:
    found = cast("dict[bytes, bytes]", await redis.hgetall(partition.counts))
    return {name.decode(): int(value) for name, value in found.items()}


def _names(counts: Mapping[str, int]) -> set[str]:
    parts = (name.partition(":") for name in counts)
    return {sink for kind, _, sink in parts if kind in _KINDS and sink}

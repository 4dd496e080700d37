"""The number of partitions that a store is kept with: noted in it once, and the same ever after.

A resource lives in the partition that the number gives it. Under another number nobody would read what waits, and what is
known of a record, its tombstone too, would be looked for where it is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from redis.asyncio import Redis

from workers.config import Config
from workers.store.connect import UNAVAILABLE, StoreUnreachable, UnsafeStore, connect
from workers.store.keys import Partition, partition_of

_NOTE = "sw:partitions"
#: As many as a configuration may name.
_MOST = 64
#: So many records of a partition tell well enough by which number they came there.
_SAMPLE = 20


class OtherPartitions(UnsafeStore):
    """The store is kept with another number of partitions than is configured (exit code 78)."""


async def claim(config: Config, url: str) -> None:
    """Before a process starts its work, on a connection of its own: notes the number, or refuses another one.

    Raises `OtherPartitions` or `StoreUnreachable`, both saying what to do.
    """
    redis = connect(url, connections=1)
    try:
        await compare(config, redis)
        await redis.set(_NOTE, config.store.partitions, nx=True)
        await compare(config, redis)  # another process may have been first
    except UNAVAILABLE as error:
        raise StoreUnreachable(f"store.url: Redis went away at the start ({error})") from None
    finally:
        await redis.aclose()


async def compare(config: Config, redis: Redis) -> None:
    """As `claim`, without leaving anything: a command notes nothing in a store that is empty yet."""
    configured, held = config.store.partitions, await _held(config, redis)
    if configured not in held:
        raise OtherPartitions(_refusal(configured, held))


async def _held(config: Config, redis: Redis) -> list[int]:
    """The numbers that the store may be kept with: one, once it is noted."""
    if (noted := await redis.get(_NOTE)) is not None:
        return [int(noted)]
    return (await _traces(redis, list(config.tenants))).numbers()


@dataclass
class _Traces:
    """What a release before the note has left. `resources` maps a partition to some of what lies there."""

    most: int = 0
    resources: dict[int, list[str]] = field(default_factory=dict)

    def numbers(self) -> list[int]:
        """The numbers of partitions under which a store can look like this.

        One that was kept with several is not refused for what was lost long ago, as long as nothing more gets out of sight.
        """
        possible = range(max(1, self.most), _MOST + 1)
        return [n for n in possible if self._fits(n)] or list(possible)

    def _fits(self, partitions: int) -> bool:
        return all(
            partition_of(resource, partitions) == number
            for number, resources in self.resources.items()
            for resource in resources
        )


async def _traces(redis: Redis, tenants: Sequence[str]) -> _Traces:
    found = _Traces()
    for tenant in tenants:
        partitions = [Partition(tenant, number) for number in range(_MOST)]
        used = await _used(redis, partitions)
        found.most = max([found.most, *(p.number + 1 for p in used)])
        for partition in used:
            found.resources.setdefault(partition.number, []).extend(await _sample(redis, partition))
    return found


async def _used(redis: Redis, partitions: Iterable[Partition]) -> list[Partition]:
    """Those in which anything was ever received: that is counted, and the counters stay."""
    asked = list(partitions)
    pipe = redis.pipeline(transaction=False)
    for partition in asked:
        pipe.exists(partition.counts)
    return [p for p, exists in zip(asked, await pipe.execute(), strict=True) if exists]


async def _sample(redis: Redis, partition: Partition) -> list[str]:
    _, found = await redis.hscan(partition.state, 0, count=_SAMPLE)
    return [name.decode() for name in cast("dict[bytes, bytes]", found)][:_SAMPLE]


def _refusal(configured: int, held: Sequence[int]) -> str:
    kept = f"with {held[0]}" if len(held) == 1 else f"with another number, such as {held[0]}"
    return (
        f"store.partitions is {configured}, but the store already holds changes and is kept {kept}: under another number "
        f"accepted changes would never be read. Put store.partitions back to {held[0]}, or begin with an empty store."
    )

"""What an event costs when very many assignments are tracked, beside few: the same house, before and after filling it."""

from __future__ import annotations

import asyncio
from typing import Any

import redis

from bench.candidates import CANDIDATES
from bench.house import House, house
from bench.load import assignment
from bench.phases import Proof, told, warm
from bench.protime import Change
from workers.store.keys import Partition, partition_of

FEW, MANY = 10_000, 1_000_000
_PARTITIONS = 8
_FIRST = 1_000_000
_CHUNK = 5000
_TIMES = 2


async def measured(changes: int, many: int = MANY) -> dict[str, Any]:
    """CPU seconds of all processes per 1,000 changes of assignments that are tracked, the better of two times."""
    (candidate,) = [each for each in CANDIDATES if each.name == "payload"]
    async with house(candidate) as home:
        store, proof = redis.Redis.from_url(home.place.redis), Proof()
        # Redis writing its file anew would be counted in whichever phase it falls.
        store.config_set("auto-aof-rewrite-percentage", 0)
        await warm(home, 200, proof)
        filling, found = Filling(store), {}
        for name, tracked in (("few", FEW), ("many", many)):
            await asyncio.to_thread(filling.up_to, tracked)
            found[name] = min([await _cost(home, changes, n, proof) for n in range(_TIMES)])
        store.close()
    return {"tracked": {"few": FEW, "many": many}, "cpu_seconds_per_1000": found, "lost": proof.lost}


async def _cost(home: House, count: int, time: int, proof: Proof) -> float:
    """The assignments of each time are others, and all of them were filled in."""
    version = home.made = home.made + count
    changes = [_change(_FIRST + time * count + n, (version + n) << 64) for n in range(count)]
    return float((await told(home, changes, proof))["cpu_seconds_per_1000"])


def _change(number: int, version: int) -> Change:
    return Change(number, f"{version:020X}", assignment(number, version))


class Filling:
    """Copies the state of an assignment that came through to others that never did."""

    def __init__(self, store: redis.Redis) -> None:
        self._store = store
        self._there = 0
        key = next(iter(store.scan_iter("sw:{acme:*}:state")))
        self._state = next(iter(store.hgetall(key).values()))

    def up_to(self, count: int) -> None:
        for start in range(self._there, count, _CHUNK):
            pipeline = self._store.pipeline(transaction=False)
            for number in range(_FIRST + start, _FIRST + min(start + _CHUNK, count)):
                resource = f"assignments/{number}"
                pipeline.hset(
                    Partition("acme", partition_of(resource, _PARTITIONS)).state, resource, self._state
                )
            pipeline.execute()
        self._there = count

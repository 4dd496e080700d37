"""One candidate once through all phases."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import Any

import redis

from bench import phases
from bench.candidates import Candidate
from bench.house import House, house
from bench.killing import killed
from bench.phases import Proof

STEADY = 100.0


@dataclass(frozen=True)
class Sizes:
    """Counts of changes, and seconds; without `killed` no worker is killed."""

    warm: int = 200
    through: int = 3000
    backlog: int = 2000
    delta_backlog: int = 20_000
    latency_seconds: float = 5.0
    burst: int = 5000
    burst_resources: int = 100
    idle_seconds: float = 5.0
    killed: int = 0


async def trial(candidate: Candidate, sizes: Sizes) -> dict[str, Any]:
    gc.collect()
    gc.disable()
    try:
        async with house(candidate) as home:
            return await _all(home, sizes)
    finally:
        gc.enable()


async def _all(home: House, sizes: Sizes) -> dict[str, Any]:
    proof, live = Proof(), home.candidate.live
    await phases.warm(home, sizes.warm, proof)
    found: dict[str, Any] = {}
    if not live:
        found["through"] = await phases.through(home, sizes.through, proof)
    pile = sizes.delta_backlog if live else sizes.backlog
    found["backlog"] = await phases.backlog(home, pile, proof)
    found["steady"] = await phases.paced(home, STEADY, sizes.latency_seconds, proof)
    half = found.get("through", found["backlog"])["per_second"] / 2
    found["half"] = await phases.paced(home, half, sizes.latency_seconds, proof)
    found["peak_mb"] = home.processes.peak_mb()
    if live:
        found["burst"] = await phases.burst(home, sizes.burst_resources, sizes.burst, proof)
        found["state_bytes"] = state_bytes(home.place.redis)
        found["idle"] = await phases.idle(home, sizes.idle_seconds)
    if sizes.killed:
        found["killed"] = await killed(home, sizes.killed)
    return found | {"lost": proof.lost, "doubled": proof.doubled, "changes": len(proof.told)}


def state_bytes(url: str) -> float:
    """Of Redis's memory for each assignment whose state is kept."""
    client = redis.Redis.from_url(url)
    keys = list(client.scan_iter("sw:{*}:state"))
    kept = sum(client.hlen(key) for key in keys)
    used = sum(client.memory_usage(key, samples=0) or 0 for key in keys)
    client.close()
    return used / kept

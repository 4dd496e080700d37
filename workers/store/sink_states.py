"""How each sink is: its breaker, and what waits for it over all tenants."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import Metric

from workers.store.breakers import STATES, Breaker, BreakerStore, State
from workers.store.delta_metrics import gauge
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts


@dataclass(frozen=True, slots=True)
class SinkState:
    """Times in Unix seconds, 0 for none. `budget_used`: the part of the budget by age that the outage has used.

    `lag`: events of the log that its cursors have not reached; `parked`: events that wait for a retry; `dead_lettered` as
    the ledger counts them.
    """

    sink: str
    state: State
    since: float
    reason: str
    attempts: int
    next_try: float
    budget_used: float
    parked: int
    dead_lettered: int
    lag: int


class SinkStates:
    """All methods raise `redis.exceptions.RedisError`. `max_ages`: sink → seconds an event may wait for it."""

    def __init__(
        self, scripts: Scripts, inbox: Inbox, tenants: Sequence[str], max_ages: Mapping[str, float]
    ) -> None:
        self._redis = scripts.redis
        self._inbox = inbox
        self._tenants = tuple(tenants)
        self._max_ages = dict(max_ages)
        self._breakers = BreakerStore(scripts)

    async def all(self) -> list[SinkState]:
        """In the order of the configuration."""
        breakers = await self._breakers.all(self._max_ages)
        return [await self._of(sink, breaker) for sink, breaker in breakers.items()]

    async def _of(self, sink: str, breaker: Breaker) -> SinkState:
        partitions = [p for tenant in self._tenants for p in self._inbox.all(tenant)]
        parked, dead, lag = await self._waiting(partitions, sink)
        used = breaker.used(time.time() * 1000, self._max_ages[sink])
        return SinkState(
            sink,
            breaker.state,
            breaker.since_ms / 1000,
            breaker.reason,
            breaker.attempts,
            breaker.until_ms / 1000,
            used,
            parked,
            dead,
            lag,
        )

    async def _waiting(self, partitions: Sequence[Partition], sink: str) -> tuple[int, int, int]:
        pipe = self._redis.pipeline(transaction=False)
        for partition in partitions:
            pipe.hmget(partition.counts, [f"parked:{sink}", f"dead:{sink}", "applied"])
            pipe.get(partition.of_sink("cursor", sink))
        answers = await pipe.execute()
        counts = [[int(value or 0) for value in found] for found in answers[::2]]
        cursors = [int(value or 0) for value in answers[1::2]]
        parked, dead, applied = (sum(row[i] for row in counts) for i in range(3))
        return parked, dead, applied - sum(cursors)

    async def metrics(self) -> list[Metric]:
        """Prometheus families."""
        return list(_families(await self._breakers.all(self._max_ages), self._max_ages, time.time() * 1000))


def _families(
    breakers: Mapping[str, Breaker], max_ages: Mapping[str, float], now_ms: float
) -> Iterator[Metric]:
    states: dict[tuple[str, ...], float] = {
        (sink, state): float(breaker.state == state) for sink, breaker in breakers.items() for state in STATES
    }
    used: dict[tuple[str, ...], float] = {
        (sink,): breaker.used(now_ms, max_ages[sink]) for sink, breaker in breakers.items()
    }
    yield gauge(
        "shiftwire_sink_state", "1 for the state of the sink's circuit breaker", states, "sink", "state"
    )
    yield gauge(
        "shiftwire_sink_budget_used",
        "Part of the budget by age that the outage of a sink has used; from 1 on events become dead letters",
        used,
        "sink",
    )

"""The circuit breaker of a sink as this process sees it: who may send now, and what an answer does to it.

While it is closed the store is asked twice a second, not for every delivery. While it is open nothing is sent but one
probe at a time over all workers, under a lease: a worker that is killed with it loses it within seconds.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog

from workers.breaker_rules import DOUBTS_IN_A_ROW, OPENS_AT, RETRY_GRACE_MS, level, verdict
from workers.passage import Passage
from workers.retry import delay
from workers.sinks.base import Failure, Sink, SinkOptions
from workers.store.breakers import Breaker, BreakerStore, Noted, probe_key
from workers.store.leases import Lease, Leases

log = structlog.get_logger()

#: How long what the store said is believed.
_FRESH_MS = 500
#: So long after a probe lanes may look for events that have become too old.
_BURY_MS = 5000


@dataclass
class Around:
    """What a breaker touches: the store, leases, clock (Unix seconds), dice (0…1), and its dispatcher's ears.

    `recovered` is called when this process has closed a breaker, `expired` when its lanes should look for dead letters.
    """

    store: BreakerStore
    leases: Leases
    clock: Callable[[], float]
    dice: Callable[[], float]
    recovered: Callable[[str], Awaitable[None]]
    expired: Callable[[str], None]


class SinkBreaker:
    """All asynchronous methods raise `redis.exceptions.RedisError`."""

    def __init__(self, name: str, options: SinkOptions, sink: Sink, around: Around) -> None:
        self.name = name
        self.sink = sink
        self._retry = options.retry
        self._around = around
        self._known = Breaker()
        self._looked_at = self._buries_since = -math.inf
        self._doubts = 0
        self.taken_ms = 0

    @property
    def is_open(self) -> bool:
        return self._known.is_open

    @property
    def burying(self) -> bool:
        return self.is_open and self._within(self._buries_since, _BURY_MS)

    @property
    def until_ms(self) -> int:
        return self._known.until_ms

    @property
    def refusal(self) -> Failure:
        """What an event hears that is not sent because the breaker is open."""
        return Failure(self._known.reason, scope="sink")

    def turns_away(self) -> bool:
        """Known without asking the store: the next try is not due."""
        fresh = self._within(self._looked_at, _FRESH_MS)
        return self.is_open and fresh and not self._known.due(self._now_ms()) and not self.burying

    def _within(self, since_ms: float, span_ms: int) -> bool:
        """Not if the clock was set back since."""
        return 0 <= self._now_ms() - since_ms < span_ms

    @asynccontextmanager
    async def passage(self, *, retry: bool = False) -> AsyncIterator[Passage]:
        """A lane's turn. `retry`: its events have failed before, and let others go first."""
        await self._look()
        probe = await self._probe(RETRY_GRACE_MS if retry else 0)
        try:
            yield Passage(self, probe)
        finally:
            if probe:
                await self._around.leases.release(probe)

    async def _probe(self, grace_ms: int) -> Lease | None:
        if not self._known.due(self._now_ms(), grace_ms):
            return None
        lease = await self._around.leases.acquire(probe_key(self.name))
        if lease is None:
            return None
        await self._look(again=True)  # somebody may have tried between our look and the lease
        if self._known.due(self._now_ms(), grace_ms):
            return lease
        await self._around.leases.release(lease)
        return None

    async def _look(self, *, again: bool = False) -> None:
        if again or not self._within(self._looked_at, _FRESH_MS) or self._known.due(self._now_ms()):
            self._learn(await self._around.store.get(self.name))

    def _learn(self, breaker: Breaker) -> None:
        self._known = breaker
        self._looked_at = self._now_ms()

    async def note(self, count: int, failures: Mapping[int, Failure], *, probe: bool) -> None:
        """What one delivery of `count` events has shown."""
        said = verdict(count, failures)
        if said.alive:
            await self._alive()
        if said.away:
            await self._failed(said.away, probe=probe)
        elif said.doubt and not said.alive:
            self._doubts += 1
            if probe or self._doubts % DOUBTS_IN_A_ROW == 0:
                await self._failed(said.doubt, probe=probe)

    async def _alive(self) -> None:
        self._doubts, self.taken_ms = 0, self._now_ms()
        if not (self._known.failures or self.is_open):
            return
        since_ms = await self._around.store.close(self.name)
        self._learn(Breaker())
        if since_ms:
            log.info("sink is back", sink=self.name, away_seconds=(self._now_ms() - since_ms) // 1000)
            await self._around.recovered(self.name)

    async def _failed(self, failure: Failure, *, probe: bool) -> None:
        known, now = self._known, self._now_ms()
        used = known.used(now, self._retry.max_age_seconds)
        noted = await self._around.store.failed(
            self.name,
            now,
            probe=probe,
            opens_at=OPENS_AT,
            until_ms=now + self._pause_ms(known.attempts + 1 if probe else 1, failure),
            reason=failure.reason,
            level=level(used),
        )
        self._learn(noted.breaker)
        self._tell(noted)
        if probe and used >= 1:
            self._buries_since = now
            self._around.expired(self.name)

    def _pause_ms(self, attempt: int, failure: Failure) -> int:
        r, chance, after = self._retry, self._around.dice(), failure.retry_after
        seconds = delay(attempt, least=r.min_seconds, most=r.max_seconds, chance=chance, retry_after=after)
        return int(seconds * 1000)

    def _tell(self, noted: Noted) -> None:
        if noted.opened:
            log.warning("sink is away", sink=self.name, reason=noted.breaker.reason)
        if noted.warn == 100:
            log.error("sink is away too long: its events become dead letters now", sink=self.name)
        elif noted.warn:
            log.warning("sink is away: its budget runs out", sink=self.name, used_percent=noted.warn)

    def _now_ms(self) -> int:
        return int(self._around.clock() * 1000)

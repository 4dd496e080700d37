"""The circuit breakers of the sinks, shared by all workers: closed, open until the next try, half-open while one tries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from redis.asyncio import Redis

from workers.store.scripts import Scripts

State = Literal["closed", "open", "half-open"]
STATES: tuple[State, ...] = ("closed", "open", "half-open")

_FIELDS = ("failures", "since", "until", "tried", "attempts", "reason")


@dataclass(frozen=True, slots=True)
class Breaker:
    """What all workers know of a sink. Times in Unix milliseconds; `attempts` are the failed tries since it is open."""

    failures: int = 0
    since_ms: int = 0
    until_ms: int = 0
    tried_ms: int = 0
    attempts: int = 0
    reason: str = ""
    probed: bool = False

    @property
    def is_open(self) -> bool:
        """Open or half-open: nothing but a probe goes to the sink."""
        return self.since_ms > 0

    @property
    def state(self) -> State:
        if not self.is_open:
            return "closed"
        return "half-open" if self.probed else "open"

    def due(self, now_ms: float, grace_ms: float = 0) -> bool:
        """Whether the next try is due, by whomever. A last one in the future: the clock was set back meanwhile."""
        return self.is_open and (self.until_ms + grace_ms <= now_ms or now_ms < self.tried_ms)

    def used(self, now_ms: float, max_age_seconds: float) -> float:
        """The part of the budget by age that the outage has used, 1 for all of it; 0 when closed."""
        return max(0.0, now_ms - self.since_ms) / (max_age_seconds * 1000) if self.is_open else 0.0


class Noted(NamedTuple):
    """A breaker after a failure; whether this one has opened it; the level (percent) nobody has warned of yet, or 0."""

    breaker: Breaker
    opened: bool
    warn: int


class BreakerStore:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._redis: Redis = scripts.redis

    async def all(self, sinks: Iterable[str]) -> dict[str, Breaker]:
        names = list(sinks)
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            pipe.hmget(_key(name), _FIELDS)
            pipe.exists(probe_key(name))
        answers = await pipe.execute()
        return {
            name: _breaker(fields, probed=bool(probed))
            for name, fields, probed in zip(names, answers[::2], answers[1::2], strict=True)
        }

    async def get(self, sink: str) -> Breaker:
        return (await self.all([sink]))[sink]

    async def failed(
        self, sink: str, now_ms: int, *, probe: bool, opens_at: int, until_ms: int, reason: str, level: int
    ) -> Noted:
        """`opens_at`: failures in a row that open it; `until_ms`: the next try, if it is open afterwards."""
        args = (now_ms, int(probe), opens_at, until_ms, reason, level)
        *fields, warn, opened = await self._scripts.run("breaker_failed", (_key(sink),), *args)
        return Noted(_breaker(fields, probed=False), opened == b"1", int(warn))

    async def close(self, sink: str) -> int:
        """Since when it was open (ms), 0 if it was not, or if somebody else has closed it first."""
        return int(await self._scripts.run("breaker_closed", (_key(sink),)))


def probe_key(sink: str) -> str:
    """The lease of the one worker that tries a sink whose breaker is open."""
    return f"sw:{{sinks}}:probe:{sink}"


def _key(sink: str) -> str:
    return f"sw:{{sinks}}:breaker:{sink}"


def _breaker(fields: list[Any], *, probed: bool) -> Breaker:
    *numbers, reason = fields
    failures, since, until, tried, attempts = (int(number or 0) for number in numbers)
    said = (reason or b"").decode(errors="replace")
    return Breaker(failures, since, until, tried, attempts, said, probed)

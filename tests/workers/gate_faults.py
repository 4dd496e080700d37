"""What goes wrong around the gate: a process dies, batches pass twice, somebody was quicker, a sink fails."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as HungUp

from workers.events import Event
from workers.sinks.base import Failure
from workers.store.gate import Decision, Gate, Passed
from workers.store.keys import Partition
from workers.store.scripts import Argument, Call, Scripts


class Killed(HungUp):
    """The process is gone."""


class MortalScripts(Scripts):
    """The process dies at its `calls`-th call of the store, before it (or, `late`, when the store has done it)."""

    def __init__(self, redis: Redis, calls: int = -1, *, late: bool = False) -> None:
        super().__init__(redis)
        self._left, self._late = calls, late

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        return await self._dying(lambda: Scripts.run(self, script, keys, *args))

    async def run_many(self, calls: Sequence[Call]) -> list[Any]:
        found: list[Any] = await self._dying(lambda: Scripts.run_many(self, calls))
        return found

    async def _dying(self, work: Callable[[], Awaitable[Any]]) -> Any:
        self._left -= 1
        if self._left != 0:
            return await work()
        if self._late:
            await work()
        raise Killed


class DisturbedGate(Gate):
    """Somebody does something right before a batch passes, or the batch passes twice."""

    def __init__(
        self, scripts: Scripts, before: Callable[[], Awaitable[None]] | None, *, twice: bool
    ) -> None:
        super().__init__(scripts)
        self._before, self._twice = before, twice

    async def pass_through(
        self, partition: Partition, decisions: Sequence[Decision], then: Sequence[Call] = ()
    ) -> Passed:
        if self._before is not None:
            before, self._before = self._before, None
            await before()
        passed = await super().pass_through(partition, decisions, then)
        if self._twice:
            again = await super().pass_through(partition, decisions)
            assert (again.applied, again.superseded, again.rejected) == (0, 0, 0)
        return passed


@dataclass
class FlakySink:
    """Hears events, and fails those of the resources it was told to fail."""

    failing: dict[str, Failure] = field(default_factory=dict)
    heard: list[Event] = field(default_factory=list)

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        failures = {
            i: self.failing[e.head.subject] for i, e in enumerate(events) if e.head.subject in self.failing
        }
        self.heard += [event for i, event in enumerate(events) if i not in failures]
        return failures

    async def close(self) -> None:
        pass

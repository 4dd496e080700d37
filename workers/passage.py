"""One lane's turn at a sink, as the sink's breaker allows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from workers.events import Event
from workers.sending import PROBE_AFTER
from workers.sinks.base import Failure
from workers.sinks.defects import handed
from workers.store.leases import Lease
from workers.store.outcomes import Reading

if TYPE_CHECKING:
    from workers.sink_breaker import SinkBreaker


class Passage:
    """A `Sink` that sends only what the breaker lets through, and tells it what came of that.

    `probing`: the first delivery is the one try that an open breaker allows. `burying`: nothing is sent, but events that
    waited too long become dead letters. `shut`: nothing is to be done in this turn. `idle` is for a turn that only puts
    events off: it is never shut.
    """

    def __init__(self, breaker: SinkBreaker, probe: Lease | None = None, *, idle: bool = False) -> None:
        self._breaker = breaker
        self._probe = probe
        self.probing = probe is not None
        self.burying = not self.probing and breaker.burying
        self.shut = breaker.is_open and not (self.probing or self.burying or idle)

    def alone_first(self, reading: Reading) -> Reading:
        """A probe sends one event alone before the others; when nothing is sent, none steps aside."""
        if self.probing:
            return replace(reading, attempts=max(reading.attempts, PROBE_AFTER))
        return replace(reading, attempts=0) if self.burying else reading

    def held(self) -> bool:
        """Whether it is the breaker that says when something is tried again."""
        return self._breaker.is_open

    def taken_ms(self) -> int:
        """When the sink last took an event, or refused one, as far as this process knows."""
        return self._breaker.taken_ms

    def sends(self) -> bool:
        """Whether a delivery would reach the sink now."""
        return not self._breaker.is_open or self._may_probe

    @property
    def _may_probe(self) -> bool:
        return self._probe is not None and self._probe.alive

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """As `Sink.deliver`; events that may not be sent fail with the sink's scope, and nobody is told."""
        if not self.sends():
            return dict.fromkeys(range(len(events)), self._breaker.refusal)
        probe = self._may_probe
        failures = await handed(self._breaker.name, self._breaker.sink, events)
        if failures:
            self._probe = None  # one try, whatever comes of it
        await self._breaker.note(len(events), failures, probe=probe)
        return failures

    async def close(self) -> None:
        """The sink is shared by all lanes: it stays open."""

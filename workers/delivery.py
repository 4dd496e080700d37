"""How one sink is served: its options, the lease, the clock, and when something is tried again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from workers.events import Event
from workers.retry import delay, longest
from workers.sinks.base import Failure, Sink, SinkOptions
from workers.sinks.defects import of_event
from workers.sinks.filters import Judgement, judged
from workers.sinks.shaping import shaped
from workers.store.leases import Lease

#: A worker's claim to a replay is short; so is everything else that no option of a sink sets.
_SHORT_SECONDS = 10.0


def longest_wait(options: SinkOptions) -> float:
    """Seconds after which everything that waits for this sink has been tried again, whatever happened to it."""
    collapse = options.collapse.max_wait_seconds if options.collapse else 0.0
    return max(longest(options.retry.max_seconds), collapse, _SHORT_SECONDS)


@dataclass(frozen=True)
class Delivery:
    """A sink with its options, the lease under which it is served, the clock (Unix seconds) and the dice (0…1).

    `held`: whether the sink's breaker is open. Then it says when the sink is tried again, and nothing waits besides.
    `taken_ms`: when the sink last took an event of anybody's.
    """

    options: SinkOptions
    sink: Sink
    lease: Lease
    clock: Callable[[], float]
    dice: Callable[[], float]
    held: Callable[[], bool] = lambda: False
    taken_ms: Callable[[], int] = lambda: 0

    async def hand(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """Delivers the events in the shape the sink asked for; the answer is that of `Sink.deliver`.

        An event that cannot be brought into shape fails alone: it does not come to the sink.
        """
        ready = dict(enumerate(map(self._in_shape, events)))
        unfit = {i: found for i, found in ready.items() if isinstance(found, Failure)}
        fit = [(i, found) for i, found in ready.items() if isinstance(found, Event)]
        answer = await self.sink.deliver([event for _, event in fit]) if fit else {}
        return unfit | {fit[i][0]: failure for i, failure in answer.items()}

    def _in_shape(self, event: Event) -> Event | Failure:
        try:
            return shaped(event, self.options.shape)
        except Exception as error:  # noqa: BLE001 the events behind it are not to wait for a defect
            return of_event("shape", error)

    def wants(self, event: Event) -> Judgement:
        return judged(self.options.filter, event)

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def due_ms(self, attempt: int, failure: Failure) -> int:
        if failure.scope == "sink" and self.held():
            return self.now_ms()
        r, after = self.options.retry, failure.retry_after
        wait = delay(attempt, least=r.min_seconds, most=r.max_seconds, chance=self.dice(), retry_after=after)
        return int((self.clock() + wait) * 1000)

    def too_old(self, since_ms: float) -> bool:
        return self.now_ms() - since_ms > self.options.retry.max_age_seconds * 1000

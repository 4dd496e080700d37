"""The deliveries of one webhook: what is due, and what still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from simulator.webhooks import Event, Webhook


@dataclass(eq=False)
class Waiting:
    """A delivery that is not due yet: `seconds` were left at `since` (the loop's time), `rate` times as fast."""

    event: Event
    attempt: int
    seconds: float
    since: float
    rate: float
    handle: asyncio.TimerHandle


@dataclass
class Lane:
    """Retries wait beside the queue, so later events overtake them (CHOICE-36)."""

    webhook: Webhook
    queue: asyncio.Queue[tuple[Event, int]] = field(default_factory=asyncio.Queue)
    waiting: set[Waiting] = field(default_factory=set)
    held: dict[int | str, list[Waiting]] = field(default_factory=dict)  # until the Delete of their record
    workers: list[asyncio.Task[None]] = field(default_factory=list)

    def add(self, event: Event, attempt: int, seconds: float = 0.0, rate: float = 1.0) -> Waiting | None:
        """Make it due in `seconds / rate`; None: it is due already."""
        if seconds <= 0:
            self.queue.put_nowait((event, attempt))
            return None
        loop = asyncio.get_running_loop()

        def due() -> None:
            self.waiting.discard(waiting)
            self.queue.put_nowait((event, attempt))

        handle = loop.call_later(seconds / rate, due)
        waiting = Waiting(event, attempt, seconds, loop.time(), rate, handle)
        self.waiting.add(waiting)
        return waiting

    def hold(self, event: Event, seconds: float) -> None:
        """Keep an event back until `release`, at most so long."""
        waiting = self.add(event, 0, seconds)
        if waiting is not None:
            still = [one for one in self.held.get(event.resource_id, ()) if one in self.waiting]
            self.held[event.resource_id] = [*still, waiting]

    def release(self, resource_id: int | str, seconds: float) -> None:
        for waiting in self.held.pop(resource_id, ()):
            if waiting in self.waiting:
                self._cancel(waiting)
                self.add(waiting.event, waiting.attempt, seconds)

    def retime(self, rate: float) -> None:
        """The tenant's time passes at another rate: the retries that wait follow it."""
        now = asyncio.get_running_loop().time()
        for waiting in [one for one in self.waiting if one.attempt > 0]:
            self._cancel(waiting)
            left = waiting.seconds - (now - waiting.since) * waiting.rate
            self.add(waiting.event, waiting.attempt, left, rate)

    def clear(self) -> Iterator[Event]:
        """Take out everything, and yield it."""
        for waiting in list(self.waiting):
            self._cancel(waiting)
            yield waiting.event
        self.held.clear()
        while not self.queue.empty():
            yield self.queue.get_nowait()[0]

    def _cancel(self, waiting: Waiting) -> None:
        waiting.handle.cancel()
        self.waiting.discard(waiting)

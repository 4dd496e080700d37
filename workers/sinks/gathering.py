"""Deliveries that come at the same time from several lanes, put together for a target that gets one message of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from workers.events import Event
from workers.sinks.base import Failure

Send = Callable[[Sequence[Event]], Awaitable[Mapping[int, Failure]]]
_Delivery = tuple[Sequence[Event], asyncio.Future[dict[int, Failure]]]


class Gathering:
    """`send` gets whole deliveries, up to `most` events at a time, in the order in which they came.

    It gets them at the latest `seconds` after the first. Nothing is acknowledged before that: while an event waits here, it
    waits in the store as well.
    """

    def __init__(self, send: Send, most: int, seconds: float) -> None:
        self._send, self._most, self._seconds = send, most, seconds
        self._waiting: list[_Delivery] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, events: Sequence[Event]) -> dict[int, Failure]:
        """The answer is that of `Sink.deliver`; `events` are at most `most`."""
        if self._count() + len(events) > self._most:
            self.flush()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[dict[int, Failure]] = loop.create_future()
        self._waiting.append((events, answer))
        if self._count() >= self._most:
            self.flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._seconds, self.flush)
        return await answer

    def flush(self) -> None:
        """Sends what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        some, self._waiting = self._waiting, []
        if some:
            task = asyncio.ensure_future(self._answer(some))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _count(self) -> int:
        return sum(len(events) for events, _ in self._waiting)

    async def _answer(self, some: Sequence[_Delivery]) -> None:
        try:
            failures = await self._send([event for events, _ in some for event in events])
        except Exception as error:  # noqa: BLE001 whoever waits must hear of a defect, not wait for ever
            if len(some) > 1:  # one of the lanes has brought what the others must not suffer for
                for one in some:
                    await self._answer([one])
                return
            for _, answer in some:
                if not answer.done():
                    answer.set_exception(error)
            return
        first = 0
        for events, answer in some:
            own = {i: failures[first + i] for i in range(len(events)) if first + i in failures}
            first += len(events)
            if not answer.done():
                answer.set_result(own)

"""What the sinks of message brokers share: publish, wait for the broker's word on each event, and judge it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from workers.events import Event
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.link import Connection, ConnectionLost, Link, LinkClosed
from workers.sinks.reasons import readable
from workers.sinks.rounds import in_rounds

#: What an exception of a client library means for the event, or for the connection that was not made.
Judge = Callable[[Exception], Failure]

_STALE: Final = Failure("the connection broke before an answer", scope="sink")


class BrokerSink:
    """`make` gives a connection to deliver with; `look`, where it differs, one that creates nothing at the broker."""

    def __init__(
        self,
        name: str,
        options: BrokerOptions,
        *,
        make: Callable[[], Connection],
        judge: Judge,
        look: Callable[[], Connection] | None = None,
    ) -> None:
        self._name = name
        self._options = options
        self._link = Link(make)
        self._look = look or make
        self._judge = judge

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        """`batch` events are on their way at the same time; each one is delivered or not by itself."""
        return await in_rounds(events, self._options.batch, self._send)

    async def close(self) -> None:
        await self._link.close()

    async def look(self) -> Look:
        link = Link(self._look)
        try:
            async with asyncio.timeout(self._options.timeout_seconds):
                await link.get()
        except Exception as error:  # noqa: BLE001 whatever a client library raises, there is no connection
            return Look(self._judged(error, "no connection").reason)
        finally:
            await link.close()
        return Look()

    async def _send(self, events: Sequence[Event]) -> dict[int, Failure]:
        """A connection that broke unnoticed since the last delivery is no failure yet: a new one gets the rest."""
        deadline = asyncio.get_running_loop().time() + self._options.timeout_seconds
        failures = await self._attempt(events, deadline)
        stale = [i for i, failure in failures.items() if failure is _STALE]
        if not stale:
            return failures
        again = await self._attempt([events[i] for i in stale], deadline)
        settled = {i: failure for i, failure in failures.items() if failure is not _STALE}
        return settled | {stale[i]: failure for i, failure in again.items()}

    async def _attempt(self, events: Sequence[Event], deadline: float) -> dict[int, Failure]:
        try:
            async with asyncio.timeout_at(deadline):
                connection, fresh = await self._link.get()
        except LinkClosed:
            return dict.fromkeys(range(len(events)), CLOSED)
        except Exception as error:  # noqa: BLE001 whatever a client library raises, there is no connection
            failure = replace(self._judged(error, "no connection"), scope="sink", permanent=False)
            return dict.fromkeys(range(len(events)), failure)
        errors = await outcomes(connection, events, deadline)
        if any(isinstance(error, (ConnectionLost, TimeoutError)) for error in errors):
            # A new connection starts with empty buffers: nothing old can come after something newer.
            self._link.drop(connection)
        alone = len(events) == 1
        return {i: self._failure(e, fresh=fresh, alone=alone) for i, e in enumerate(errors) if e is not None}

    def _failure(self, error: Exception, *, fresh: bool, alone: bool) -> Failure:
        if not isinstance(error, ConnectionLost):
            return self._judged(error, "no answer")
        if not fresh:
            return _STALE
        if not isinstance(error.__cause__, Exception):
            # What ends even a new connection may be the event's doing.
            return Failure(_STALE.reason)
        failure = self._judged(error.__cause__, "no answer")
        # Of several events that shared a connection nobody knows which one ended it.
        return failure if alone else replace(failure, permanent=False)

    def _judged(self, error: Exception, missing: str) -> Failure:
        if isinstance(error, TimeoutError):
            return Failure(f"{missing} within {self._options.timeout_seconds:g} s", scope="sink")
        failure = self._judge(error)
        return replace(failure, reason=readable(failure.reason, hide=self._options.hidden))


async def outcomes(
    connection: Connection, events: Sequence[Event], deadline: float
) -> list[Exception | None]:
    """For each event None once it is durable, or why not: `TimeoutError`, `ConnectionLost`, or the broker's error."""
    tasks = [asyncio.ensure_future(connection.publish(event)) for event in events]
    every = asyncio.ensure_future(asyncio.wait(tasks))
    either: set[asyncio.Future[Any]] = {every, connection.lost}
    seconds = max(0.0, deadline - asyncio.get_running_loop().time())
    try:
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        every.cancel()
        for task in tasks:
            task.cancel()
    await asyncio.wait(tasks)
    return [_outcome(task, connection.lost) for task in tasks]


def _outcome(task: asyncio.Future[None], lost: asyncio.Future[Exception | None]) -> Exception | None:
    if not task.cancelled():
        error = task.exception()
        return error if isinstance(error, Exception) else None
    if not lost.done():
        return TimeoutError()
    gone = ConnectionLost()
    gone.__cause__ = lost.result()
    return gone

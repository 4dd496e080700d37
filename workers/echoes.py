"""Which events of a reading are echoes of our own writes, and what a sink that asked makes of them.

An answer may be slower than the event it belongs to. While a write is under way that may have caused an event, nobody
can tell yet: the lane delivers what is before it, and waits. A writer that was killed is waited for until its intent
expires; sinks that did not ask never come here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from workers.echo import Sent, is_echo
from workers.events import Event
from workers.protime import BODIES
from workers.sinks.base import SinkOptions
from workers.sinks.filters import judged
from workers.store.echo import Intent, Look, OwnWrites, Recorded
from workers.store.outcomes import Logged, Reading, Waiting

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.01, 0.25


class Sifted(NamedTuple):
    """As much of a reading as can be decided, its echoes marked if the sink wants that, and the numbers to drop."""

    reading: Reading
    dropped: frozenset[int] = frozenset()


class Echoes:
    """Raises `redis.exceptions.RedisError`."""

    def __init__(self, own: OwnWrites, sleep: Callable[[float], Awaitable[object]] = asyncio.sleep) -> None:
        self._own = own
        self._sleep = sleep

    async def sift(
        self, options: SinkOptions, tenant: str, reading: Reading, go_on: Callable[[], bool]
    ) -> Sifted:
        """`go_on` ends the waiting: then there may be no event at all in what comes back."""
        asked = [
            e for e in reading.events if judged(options.filter, e.event) is True and _is_writable(e.event)
        ]
        if not asked:
            return Sifted(reading)
        look, first_open = await self._settled(tenant, asked, go_on)

        def before(logged: Logged) -> bool:
            return first_open is None or logged.number < first_open

        events = [e for e in reading.events if before(e)]
        own = {e.number for e in asked if before(e) and await self._is_echo(tenant, e, look)}
        if options.own_writes == "drop":
            return Sifted(replace(reading, events=events), frozenset(own))
        return Sifted(replace(reading, events=[_marked(e) if e.number in own else e for e in events]))

    async def mark(self, tenant: str, waiting: Waiting) -> Waiting:
        """Events that were put off are marked again, as they were when they came first."""
        events = [
            Logged(number, waiting.resource, event)
            for number, event in waiting.events
            if event and _is_writable(event)
        ]
        if not events:
            return waiting
        look = await self._own.look(tenant, [waiting.resource])
        own = {e.number for e in events if await self._is_echo(tenant, e, look)}
        return replace(
            waiting, events=[(n, e.as_own_write() if e and n in own else e) for n, e in waiting.events]
        )

    async def known(self, tenant: str, events: Iterable[tuple[int, Event]]) -> frozenset[int]:
        """Numbers of the events that were found to be echoes when they were new: for what is told once more."""
        asked = [(n, e.head) for n, e in events if e.head.data.collection in BODIES]
        if not asked:
            return frozenset()
        look = await self._own.look(tenant, {head.subject for _, head in asked})
        return frozenset(
            n for n, head in asked if any(w.by == head.sequence for w in look.writes[head.subject])
        )

    async def _settled(
        self, tenant: str, events: Sequence[Logged], go_on: Callable[[], bool]
    ) -> tuple[Look, int | None]:
        """What is known once the first event can be decided, and the number of the first one that cannot, if any.

        Only writes that are under way at the first look count: the events were read before it, so what is begun later
        has not caused them.
        """
        resources = {e.resource for e in events}
        look = await self._own.look(tenant, resources)
        under_way = look.intents
        for seconds in _pauses():
            first_open = _first_concerned(events, under_way)
            if first_open != events[0].number or not go_on():
                return look, first_open
            await self._sleep(seconds)
            look = await self._own.look(tenant, resources)
            under_way &= look.intents
        raise AssertionError("pauses do not end")

    async def _is_echo(self, tenant: str, logged: Logged, look: Look) -> bool:
        version = logged.event.head.sequence
        writes = look.writes[logged.resource]
        if any(write.by == version for write in writes):
            return True
        candidates = list(_not_seen_back(writes))
        if not candidates:
            return False
        event = logged.event.as_dict()
        for write in candidates:
            if _looks_like(write.sent, event) and await self._own.claim(
                tenant, logged.resource, write, version
            ):
                return True
        return False


def _looks_like(sent: Sent, event: dict[str, Any]) -> bool:
    """A record in a form that we do not know is not what we have written."""
    try:
        return is_echo(sent, event)
    except Exception:  # noqa: BLE001 the events behind it are not to wait for a defect
        return False


def _not_seen_back(writes: Sequence[Recorded]) -> Iterable[Recorded]:
    """The writes behind the last one that was seen back: earlier ones were overtaken, and never will be."""
    seen = [position for position, write in enumerate(writes) if write.by]
    return writes[seen[-1] + 1 :] if seen else writes


def _first_concerned(events: Sequence[Logged], intents: Iterable[Intent]) -> int | None:
    under_way = list(intents)
    return next(
        (
            e.number
            for e in events
            if any(i.concerns(e.resource, e.event.head.data.change) for i in under_way)
        ),
        None,
    )


def _pauses() -> Iterator[float]:
    seconds = _FIRST_PAUSE_SECONDS
    while True:
        yield seconds
        seconds = min(seconds * 1.5, _LONGEST_PAUSE_SECONDS)


def _is_writable(event: Event) -> bool:
    try:
        return event.head.data.collection in BODIES
    except Exception:  # noqa: BLE001 what cannot be read is nothing that we wrote
        return False


def _marked(logged: Logged) -> Logged:
    return Logged(logged.number, logged.resource, logged.event.as_own_write(), logged.waits)

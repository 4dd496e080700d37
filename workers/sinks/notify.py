"""Messages for people by Apprise: chat, mail, push and a hundred others. One a change, or one for many as a digest.

Delivered means that every address has taken the message. An address that has is not sent the same event again while the
others are tried anew, as far as this process remembers: after a restart it may be. Messages are not keyed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from workers.events import Event
from workers.sinks.base import CLOSED, Failure, Look
from workers.sinks.gathering import Gathering, Send
from workers.sinks.notify_options import NotifyOptions
from workers.sinks.notify_service import Service
from workers.sinks.notify_words import (
    OF_ONE,
    OF_SEVERAL,
    TemplateFailed,
    compiled,
    of_one,
    of_several,
    rendered,
)
from workers.sinks.reasons import readable

#: Events that some addresses took and others did not, the last ones.
_REMEMBERED: Final = 10_000
Message = tuple[str, str]


class NotifySink:
    def __init__(self, name: str, options: NotifyOptions) -> None:
        self._name, self._options = name, options
        digest = options.digest
        self._one = [compiled(text, OF_ONE) for text in (options.title, options.template)]
        self._several = [compiled(text, OF_SEVERAL) for text in (digest.title, digest.template)]
        self._services = [Service(url.get_secret_value(), options.timeout_seconds) for url in options.urls]
        #: Event id → places of the addresses that took it.
        self._taken: dict[str, set[int]] = {}
        seconds = digest.wait_seconds if options.batch > 1 else 0
        self._gathering = Gathering(self._send, options.batch, seconds)
        self._closed = False

    def __repr__(self) -> str:
        return f"NotifySink({self._name!r})"

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        if self._closed:
            return dict.fromkeys(range(len(events)), CLOSED)
        send = self._gathering.deliver if self._options.batch > 1 else self._send
        return await in_turn(events, self._options.batch, send)

    async def look(self) -> Look:
        return Look(unseen="its services can only be asked by sending a message")

    async def close(self) -> None:
        self._closed = True
        self._gathering.flush()
        for service in self._services:
            service.close()

    async def _send(self, events: Sequence[Event]) -> dict[int, Failure]:
        """One message for all that can be told, to each address."""
        try:
            message = self._message(events)
        except TemplateFailed as error:
            wordless = self._wordless(events, error)
            if len(wordless) == len(events):
                return wordless
            answer = await self._send([event for i, event in enumerate(events) if i not in wordless])
            told = [i for i in range(len(events)) if i not in wordless]
            return wordless | {told[i]: failure for i, failure in answer.items()}
        return await self._send_message(events, message)

    async def _send_message(self, events: Sequence[Event], message: Message) -> dict[int, Failure]:
        places = range(len(self._services))
        answers = await asyncio.gather(*(self._send_to(place, events, message) for place in places))
        failure = next((answer for answer in answers if answer is not None), None)
        if failure is not None:
            return dict.fromkeys(range(len(events)), failure)
        for event in events:
            self._taken.pop(event.id, None)
        return {}

    async def _send_to(self, place: int, events: Sequence[Event], message: Message) -> Failure | None:
        missing = [event for event in events if place not in self._taken.get(event.id, ())]
        if not missing:
            return None
        try:
            title, body = message if len(missing) == len(events) else self._message(missing)
        except TemplateFailed as error:
            return _no_words(error)
        failure = await self._services[place].send(title, body)
        if failure is None and len(self._services) > 1:
            self._remember(place, missing)
        return failure

    def _remember(self, place: int, events: Sequence[Event]) -> None:
        for event in events:
            self._taken.setdefault(event.id, set()).add(place)
        while len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]

    def _wordless(self, events: Sequence[Event], error: TemplateFailed) -> dict[int, Failure]:
        """The events that the words fail for, or all of them when it is none by itself: no repetition helps."""
        found = {}
        for index, event in enumerate(events if len(events) > 1 else ()):
            try:
                self._digest([event])
            except TemplateFailed as own:
                found[index] = _no_words(own)
        return found or dict.fromkeys(range(len(events)), _no_words(error))

    def _message(self, events: Sequence[Event]) -> Message:
        """Title and text. Raises TemplateFailed."""
        if len(events) > 1:
            return self._digest(events)
        values = of_one(events[0])
        return rendered(self._one[0], values), rendered(self._one[1], values)

    def _digest(self, events: Sequence[Event]) -> Message:
        values = of_several(events)
        return rendered(self._several[0], values), rendered(self._several[1], values)


async def in_turn(events: Sequence[Event], size: int, send: Send) -> dict[int, Failure]:
    """So many at a time. When an address does not answer the rest is not tried; what has no words stands in nobody's way."""
    failures: dict[int, Failure] = {}
    for start in range(0, len(events), size):
        answer = await send(events[start : start + size])
        failures |= {start + i: failure for i, failure in answer.items()}
        away = next((failure for failure in answer.values() if failure.scope == "sink"), None)
        if away is not None:
            return failures | dict.fromkeys(range(start + size, len(events)), away)
    return failures


def _no_words(error: TemplateFailed) -> Failure:
    return Failure(readable(f"the template fails for this event: {error}"), permanent=True)

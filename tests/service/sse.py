"""A client of Server-Sent Events that follows the standard: what is said in lines, and an id that outlives a connection."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx


@dataclass(frozen=True)
class Message:
    """One dispatched event."""

    type: str
    data: str

    @property
    def event(self) -> dict[str, Any]:
        return dict(json.loads(self.data))


@dataclass
class Reader:
    """Takes lines, gives messages. `last` is what goes into `Last-Event-ID`, also when a block has no data."""

    last: str = ""
    retry: int | None = None
    comments: list[str] = field(default_factory=list)
    _id: str = ""
    _type: str = ""
    _data: list[str] = field(default_factory=list)

    def take(self, line: str) -> Iterator[Message]:
        if line:
            self._field(*line.split(":", 1))
            return
        self.last = self._id or self.last
        if self._data:
            yield Message(self._type, "\n".join(self._data))
        self._type, self._data = "", []

    def gone(self) -> None:
        """The connection ended: a block that was not finished counts for nothing."""
        self._id, self._type, self._data = self.last, "", []

    def _field(self, name: str, value: str = "") -> None:
        value = value.removeprefix(" ")
        match name:
            case "":
                self.comments.append(value)
            case "id":
                self._id = value
            case "event":
                self._type = value
            case "data":
                self._data.append(value)
            case "retry":
                self.retry = int(value)


@dataclass
class SseClient:
    """Follows a stream; every call of `messages` is a connection that goes on behind the last."""

    http: httpx.AsyncClient
    path: str = "/events/stream"
    query: dict[str, Any] = field(default_factory=dict)
    reader: Reader = field(default_factory=Reader)

    async def messages(self) -> AsyncIterator[Message]:
        sent = {"last-event-id": self.reader.last} if self.reader.last else {}
        async with self.http.stream("GET", self.path, params=self.query, headers=sent) as answer:
            assert answer.status_code == 200, await answer.aread()
            assert answer.headers["content-type"].startswith("text/event-stream")
            try:
                async for line in answer.aiter_lines():
                    for message in self.reader.take(line):
                        yield message
            finally:
                self.reader.gone()

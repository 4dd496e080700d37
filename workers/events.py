"""An event of the log, as a sink sees it.

`json` is the structured CloudEvent (design: CloudEvents 1.0.2), rendered once when the change passed the gate. It is
forwarded as it is, so a retry, a restart or a later release never changes what an event id stands for.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec


class Person(msgspec.Struct, frozen=True):
    id: int | None = None


class Notice(msgspec.Struct, frozen=True):
    minutes: int
    short: bool


class Change(msgspec.Struct, frozen=True):
    path: str
    before: Any = None
    after: Any = None


class EventData(msgspec.Struct, frozen=True):
    """What filters look at; `resource` and `previous` stay in the JSON."""

    tenant: str
    collection: str
    id: int
    change: str
    meaning: tuple[str, ...] = ()
    person: Person | None = None
    start: str | None = None
    end: str | None = None
    notice: Notice | None = None
    changes: tuple[Change, ...] = ()


class EventHead(msgspec.Struct, frozen=True):
    """CloudEvents context attributes and extensions (`sequence`, `partitionkey`, `origin`, `ownwrite`, `collapsed`)."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    sequence: str
    partitionkey: str
    origin: str
    dataschema: str
    datacontenttype: str
    data: EventData
    specversion: str = "1.0"
    ownwrite: bool = False
    collapsed: int | None = None


_HEAD = msgspec.json.Decoder(EventHead)
_PARTS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_REPLAY = msgspec.Raw(b'"replay"')


class Event:
    """One immutable event: its bytes, and its head parsed when first looked at."""

    def __init__(self, json: bytes) -> None:
        self.json = json

    @cached_property
    def head(self) -> EventHead:
        return _HEAD.decode(self.json)

    @property
    def id(self) -> str:
        return self.head.id

    def as_own_write(self) -> Event:
        """The same event with the extension that says so, for a sink that asked for it. Its id stays."""
        return Event(b'{"ownwrite":true,' + self.json[1:])

    def as_replay(self) -> Event:
        """The same event as it is told once more: its origin says so, all else stays byte for byte."""
        parts = _PARTS.decode(self.json)
        return Event(msgspec.json.encode({**parts, "origin": _REPLAY}))

    def as_dict(self) -> dict[str, Any]:
        """The whole event, `data.resource` and `data.previous` included."""
        decoded: dict[str, Any] = msgspec.json.decode(self.json)
        return decoded

    def __repr__(self) -> str:
        return f"Event({self.id})"

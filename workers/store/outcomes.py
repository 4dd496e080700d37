"""What a lane reads, and what becomes of it: values between a sink's lane and the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from workers.events import Event


class Logged(msgspec.Struct, frozen=True, gc=False):
    """An event of the log. `waits`: an earlier event of its resource is parked at this sink."""

    number: int
    resource: str
    event: Event
    waits: bool = False


@dataclass(frozen=True)
class Reading:
    """The events after the cursor; `attempts` counts how often in a row the sink itself was away."""

    cursor: int
    attempts: int
    events: list[Logged]


@dataclass(frozen=True, slots=True)
class Park:
    """The event waits, and with it all later ones of its resource."""

    number: int
    resource: str
    attempts: int
    due_ms: int
    error: str


@dataclass(frozen=True, slots=True)
class PutOff:
    """The event waits for later ones of its resource, untried. Each of them moves `due_ms`, for at most `most_ms` in all."""

    number: int
    resource: str
    due_ms: int
    most_ms: int


@dataclass(frozen=True, slots=True)
class Dead:
    number: int
    resource: str
    attempts: int
    reason: str
    error: str


@dataclass(frozen=True, slots=True)
class Hold:
    """The sink itself is away: nothing more is tried on this partition before `until_ms`."""

    until_ms: int
    attempts: int
    reason: str


@dataclass
class Outcome:
    """What became of the events from the cursor up to `cursor_to`."""

    cursor_to: int
    delivered: list[int] = field(default_factory=list)
    filtered: list[int] = field(default_factory=list)
    parked: list[Park] = field(default_factory=list)
    dead: list[Dead] = field(default_factory=list)
    put_off: list[PutOff] = field(default_factory=list)
    hold: Hold | None = None


@dataclass(frozen=True)
class Waiting:
    """A parked resource whose retry is due. `events` are its first waiting ones, None where the log has lost one.

    `sealed`: the last of those that were tried as one event, 0 when none were.
    """

    resource: str
    attempts: int
    since_ms: int
    total: int
    events: list[tuple[int, Event | None]]
    sealed: int = 0


@dataclass(frozen=True)
class Retried:
    """What became of the first events of a parked resource: `collapsed` and `delivered`, and of the one after them.

    `collapsed`: not delivered themselves, the version `into` says it all ("": nothing was left to say).
    `others`: events that failed together with `failed`, all before it.
    `since_ms`: since when those behind a dead letter have waited, 0: since now (they were held up by it, not by the sink).
    """

    resource: str
    first: int
    delivered: list[int]
    attempts: int = 0
    due_ms: int = 0
    error: str = ""
    dead: str = ""
    failed: int | None = None
    collapsed: Sequence[int] = ()
    into: str = ""
    others: Sequence[int] = ()
    since_ms: int = 0

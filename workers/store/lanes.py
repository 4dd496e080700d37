"""One sink's way along one partition's log: its cursor, the resources that wait for a retry, its hold after an outage."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import msgspec

from workers.events import Event
from workers.store.keys import Partition
from workers.store.leases import LEASE_MS
from workers.store.scripts import Argument, Scripts


@dataclass(frozen=True, slots=True)
class Logged:
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
    hold: Hold | None = None


@dataclass(frozen=True)
class Waiting:
    """A parked resource whose retry is due. `events` are its first waiting ones, None where the log has lost one."""

    resource: str
    attempts: int
    since_ms: int
    total: int
    events: list[tuple[int, Event | None]]


@dataclass(frozen=True)
class Retried:
    """What became of the first `delivered` events of a parked resource, and of the one after them."""

    resource: str
    first: int
    delivered: list[int]
    attempts: int = 0
    due_ms: int = 0
    error: str = ""
    dead: str = ""
    failed: int | None = None


def now_ms() -> int:
    return int(time.time() * 1000)


def ranges(numbers: Iterable[int]) -> str:
    """`1-40,42`: event numbers in the short form in which the delivery journal keeps them."""
    runs = groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0])
    spans = [[n for _, n in run] for _, run in runs]
    return ",".join(str(s[0]) if len(s) == 1 else f"{s[0]}-{s[-1]}" for s in spans)


def in_ranges(text: str, number: int) -> bool:
    """Whether `ranges` text holds a number."""
    spans = (part.partition("-") for part in text.split(",") if part)
    return any(int(low) <= number <= int(high or low) for low, _, high in spans)


def record(delivered: Iterable[int], filtered: Iterable[int], failed: dict[int, str]) -> bytes:
    """A line of the delivery journal: `{"d": ranges, "f": ranges, "x": {number: reason}}`; empty if nothing happened."""
    parts: dict[str, Any] = {
        "d": ranges(delivered),
        "f": ranges(filtered),
        "x": {str(k): v for k, v in failed.items()},
    }
    said = {k: v for k, v in parts.items() if v}
    return msgspec.json.encode(said) if said else b""


class Lane:
    """The store's side of one sink on one partition."""

    def __init__(self, scripts: Scripts, partition: Partition, sink: str) -> None:
        self._scripts = scripts
        self.partition = partition
        self.sink = sink
        key = partition.of_sink
        self.cursor, self.lease, self.hold = key("cursor", sink), key("lease", sink), key("hold", sink)
        self.parked, self.due, self.retrying = key("parked", sink), key("due", sink), key("retrying", sink)
        self.deliveries = key("deliveries", sink)

    async def register(self) -> None:
        """Called before anything is processed: a new sink starts at the end of the log."""
        await self._scripts.run("register_sink", (self.cursor, self.partition.counts), self.sink)

    async def read(self, token: str, most: int) -> Reading | int | None:
        """Events to deliver, the time (ms) before which the sink is not to be tried, or None: another worker is at it."""
        keys = (self.partition.events, self.lease, self.cursor, self.parked, self.hold)
        answer = await self._scripts.run("read_events", keys, token, LEASE_MS, most, now_ms())
        if answer is None or isinstance(answer, int):
            return answer
        cursor, attempts, *rows = answer
        return Reading(int(cursor), int(attempts), [_logged(row) for row in rows])

    async def commit(self, token: str, cursor: int, outcome: Outcome) -> int:
        """Moves the cursor. Returns the number of events left behind it, -1 when somebody else has moved it."""
        p = self.partition
        keys = (
            self.cursor,
            self.lease,
            p.counts,
            self.parked,
            self.due,
            p.dead,
            self.deliveries,
            self.hold,
            p.events,
        )
        args = (token, self.sink, cursor, outcome.cursor_to, *_decided(outcome))
        return int(await self._scripts.run("commit_delivery", keys, *args))

    async def read_parked(self, token: str, *, resources: int = 20, events: int = 50) -> list[Waiting] | None:
        """Parked resources whose retry is due; None when another worker is at them."""
        keys = (self.due, self.retrying, self.parked, self.partition.events)
        answer = await self._scripts.run("read_parked", keys, token, LEASE_MS, now_ms(), resources, events)
        return None if answer is None else [_waiting(row) for row in answer]

    async def commit_retry(self, retried: Retried) -> bool:
        """False when the resource was not in the expected state any more; nothing was done then."""
        r, p = retried, self.partition
        keys = (self.parked, self.due, p.counts, p.dead, self.deliveries, p.events)
        failed = {} if r.failed is None else {r.failed: r.dead or r.error}
        args: list[Argument] = [self.sink, r.resource, r.first, len(r.delivered), r.attempts, r.due_ms]
        args += [record(r.delivered, (), failed), now_ms(), r.dead, r.error]
        return bool(await self._scripts.run("commit_retry", keys, *args))


def _decided(outcome: Outcome) -> Sequence[Argument]:
    hold = outcome.hold or Hold(0, 0, "")
    failed = {p.number: p.error for p in outcome.parked if p.error} | {
        d.number: d.reason for d in outcome.dead
    }
    said = record(outcome.delivered, outcome.filtered, failed)
    args: list[Argument] = [len(outcome.delivered), len(outcome.filtered), said, now_ms()]
    args += [hold.until_ms, hold.attempts, hold.reason]
    for p in outcome.parked:
        args += ["P", p.number, p.resource, p.attempts, p.due_ms, p.error]
    for d in outcome.dead:
        args += ["D", d.number, d.resource, d.attempts, d.reason, d.error]
    return args


def _logged(row: list[bytes]) -> Logged:
    number, resource, event, waits = row
    return Logged(int(number), resource.decode(), Event(event), waits == b"1")


def _waiting(row: list[Any]) -> Waiting:
    resource, attempts, since, total, *pairs = row
    events = [(int(n), Event(e) if e else None) for n, e in zip(pairs[::2], pairs[1::2], strict=True)]
    return Waiting(resource.decode(), int(attempts), int(since), int(total), events)

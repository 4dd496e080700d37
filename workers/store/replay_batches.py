"""A replay while it is worked off: the next events of one partition, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from workers.clock import now_ms
from workers.events import Event
from workers.replay.conditions import Conditions, from_json
from workers.store.delivery_journal import in_ranges, ranges
from workers.store.lanes import Lane
from workers.store.leases import LEASE_MS
from workers.store.scripts import Argument, Call, Scripts

#: So many events are named in the report of a partition; the counters know of all.
REPORT_LINES = 1000
#: How many newer events of a resource are looked at before it counts as overtaken.
_MOST_STEPS = 50
#: A worker that says nothing for so long has left the replay.
_CLAIM_MS = 3000


@dataclass(frozen=True, slots=True)
class Candidate:
    """An event of the range. `parked`: numbers of its resource that wait for a retry; `newest`: the resource's newest."""

    number: int
    resource: str
    event: Event
    parked: str
    newest: int

    @property
    def waits(self) -> bool:
        return in_ranges(self.parked, self.number)


@dataclass(frozen=True)
class Batch:
    """The events from `next` on, at most up to `last`.

    `ahead`: numbers behind `next` that are settled already; `tries`: failed attempts of those that are not; `away`: how
    often in a row the sink was away; `start`: up to there the sink had heard of nothing when the replay was ordered.
    """

    id: str
    turn: int
    next: int
    last: int
    start: int
    cursor: int
    conditions: Conditions
    force: bool
    ahead: str
    tries: Mapping[int, int]
    away: int
    events: Sequence[Candidate]


@dataclass
class Replayed:
    """What became of a batch, up to `next`; `ahead` holds what is settled behind that. Reasons are for people."""

    next: int
    ahead: list[int] = field(default_factory=list)
    delivered: list[int] = field(default_factory=list)
    filtered: list[int] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    tries: dict[int, int] = field(default_factory=dict)
    away: int = 0
    due_ms: int = 0
    reason: str = ""


class Line(msgspec.Struct, frozen=True):
    """One event that was not delivered: `skipped` or `failed`, and why."""

    id: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class Newer:
    number: int
    event: Event


@dataclass(frozen=True)
class NewerEvents:
    """Of one resource, newest first; not `complete` when there may be more."""

    complete: bool
    events: Sequence[Newer]


class ReplayBatches:
    """The replay of one lane. All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts, lane: Lane) -> None:
        self._scripts = scripts
        self._lane = lane
        key = lane.partition.of_sink
        self.replay, self.report = key("replay", lane.sink), key("replayed", lane.sink)

    async def read(self, tokens: Sequence[str], worker: str, most: int) -> Batch | bool:
        """False: nothing to do here; True: live traffic goes first, try again. `tokens`: of the lane, of its retries."""
        lane, p = self._lane, self._lane.partition
        keys = (self.replay, lane.lease, lane.retrying, lane.cursor, p.counts, lane.hold)
        answer = await self._scripts.run(
            "read_replay",
            (*keys, lane.parked, p.events, p.state),
            *tokens,
            LEASE_MS,
            worker,
            most,
            now_ms(),
            _CLAIM_MS,
        )
        return _batch(answer) if isinstance(answer, list) else answer == 1

    async def newer(self, above: Mapping[str, int], cursor: int) -> dict[str, NewerEvents]:
        """Resource → its newest events up to the cursor and above a number, those that wait for a retry left out."""
        p = self._lane.partition
        keys = (p.events, p.state, self._lane.parked)
        calls = [Call("newer_events", keys, (r, low, cursor, _MOST_STEPS)) for r, low in above.items()]
        answers = await self._scripts.run_many(calls)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return {resource: _newer(answer) for resource, answer in zip(above, answers, strict=True)}

    async def commit(self, tokens: Sequence[str], batch: Batch, done: Replayed) -> tuple[bool, int]:
        """Whether the replay goes on as far as is known, and how many live events wait."""
        lane, p = self._lane, self._lane.partition
        keys = (self.replay, self.report, lane.lease, lane.retrying, lane.cursor, p.counts, lane.deliveries)
        args: list[Argument] = [*tokens, batch.id, batch.turn, lane.sink, now_ms()]
        args += [done.next, ranges(done.ahead), _tries(done.tries), done.away, done.due_ms, done.reason]
        args += [len(x) for x in (done.delivered, done.filtered, done.skipped, done.failed)]
        args += [min(done.delivered, default=0), _record(done), REPORT_LINES, *_lines(batch, done)]
        noted, left = await self._scripts.run("commit_replay", keys, *args)
        return noted == 1, int(left)


def numbers_in(text: str) -> list[int]:
    """The numbers of `ranges` text."""
    spans = (part.partition("-") for part in text.split(",") if part)
    return [n for low, _, high in spans for n in range(int(low), int(high or low) + 1)]


def _batch(answer: list[Any]) -> Batch:
    id_, turn, first, last, start, cursor, conditions, force, ahead, tries, away, *rows = answer
    return Batch(
        id=id_.decode(),
        turn=int(turn),
        next=int(first),
        last=int(last),
        start=int(start),
        cursor=int(cursor),
        conditions=from_json(conditions),
        force=force == b"1",
        ahead=ahead.decode(),
        tries=msgspec.json.decode(tries, type=dict[int, int]),
        away=int(away),
        events=[_candidate(row) for row in rows],
    )


def _candidate(row: list[bytes]) -> Candidate:
    number, resource, event, parked, newest = row
    return Candidate(int(number), resource.decode(), Event(event), parked.decode(), int(newest))


def _newer(answer: list[Any]) -> NewerEvents:
    complete, *pairs = answer
    events = [Newer(int(n), Event(e)) for n, e in zip(pairs[::2], pairs[1::2], strict=True)]
    return NewerEvents(complete == 1, events)


def _tries(tries: Mapping[int, int]) -> bytes:
    return msgspec.json.encode({str(number): count for number, count in tries.items()})


def _record(done: Replayed) -> bytes:
    """A line of the delivery journal: `{"p": ranges, "q": {number: reason}}`."""
    failed = {str(number): reason for number, reason in done.failed.items()}
    said = {k: v for k, v in {"p": ranges(done.delivered), "q": failed}.items() if v}
    return msgspec.json.encode(said) if said else b""


def _lines(batch: Batch, done: Replayed) -> Iterable[bytes]:
    ids = {c.number: c.event.id for c in batch.events if c.number in done.skipped or c.number in done.failed}
    for outcome, reasons in (("failed", done.failed), ("skipped", done.skipped)):
        for number, reason in reasons.items():
            yield msgspec.json.encode(Line(ids[number], outcome, reason))

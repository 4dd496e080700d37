"""Replays as a whole: ordered, looked at, cancelled. In each partition a sink has one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from workers.clock import now_ms
from workers.replay.conditions import Conditions, as_json, from_json
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.replay_batches import Line
from workers.store.scripts import Call, Scripts
from workers.store.streams import number

_COUNTERS = ("delivered", "filtered", "skipped", "failed")
#: What is told of several partitions in different states: the first of these.
_STATES = ("running", "cancelled", "done")


class ReplayUnderWay(Exception):
    """The sink has one that is neither done nor cancelled."""


@dataclass
class Replay:
    """One replay over its partitions. `looked_at` of `total` events of the range; `waits_for`: why it pauses, or ""."""

    id: str
    sink: str
    state: str
    ordered: datetime
    ended: datetime | None
    conditions: Conditions
    force: bool
    total: int = 0
    looked_at: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_COUNTERS, 0))
    waits_for: str = ""
    report: list[Line] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As the command line and the API show it."""
        ended = self.ended.isoformat() if self.ended else None
        said: dict[str, Any] = {"confirmed": True, "id": self.id, "sink": self.sink, "state": self.state}
        said |= {"ordered": self.ordered.isoformat(), "ended": ended}
        said |= {"conditions": self.conditions.as_dict(), "force": self.force}
        said |= {"total": self.total, "looked_at": self.looked_at, **self.counts}
        return said | {"waits_for": self.waits_for or None, "report": msgspec.to_builtins(self.report)}


@dataclass(frozen=True)
class Span:
    """Of one partition: the newest event that a replay to a sink could tell, and up to where the sink has heard nothing."""

    last: int
    start: int


class Replays:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def order(
        self, sink: str, partitions: Sequence[Partition], conditions: Conditions, *, force: bool
    ) -> str | None:
        """Its id, or None when the log holds nothing. Raises `ReplayUnderWay`, and has ordered nothing then."""
        for replay in await self.all(sink, partitions, lines=0):
            if replay.state == "running":
                raise ReplayUnderWay(replay.id)
        id_ = secrets.token_hex(4)
        answers = await self._order(sink, partitions, id_, conditions, force)
        refusing = [partition for partition, answer in zip(partitions, answers, strict=True) if answer < 0]
        for share in await self._shares(sink, refusing, 0):
            # Ours stands there when the connection broke and the order was sent again.
            if share is not None and share.id != id_:
                await self.cancel(id_, sink, partitions)
                raise ReplayUnderWay(share.id)
        return id_ if any(answers) else None

    async def _order(
        self, sink: str, partitions: Sequence[Partition], id_: str, conditions: Conditions, force: bool
    ) -> list[int]:
        """As `order_replay` answers for each partition; in one round trip, so that it is hardly ever cut off in between."""
        lanes = [Lane(self._scripts, partition, sink) for partition in partitions]
        for lane in lanes:
            # A sink that no worker has heard of yet is new: then all that the log holds lies behind its cursor.
            await lane.register()
        args = (id_, sink, as_json(conditions), int(force), now_ms())
        return await self._run([Call("order_replay", _order_keys(lane), args) for lane in lanes])

    async def _run(self, calls: Sequence[Call]) -> list[int]:
        answers = await self._scripts.run_many(calls)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [int(answer) for answer in answers]

    async def all(
        self, sink: str, partitions: Iterable[Partition], *, lines: int | None = None
    ) -> list[Replay]:
        """The newest of each partition, put together by their ids, oldest first.

        `lines`: so many lines of each partition's report at most, None for all of it.
        """
        found: dict[str, Replay] = {}
        for share in await self._shares(sink, list(partitions), lines):
            if share is not None:
                found[share.id] = _together(found[share.id], share) if share.id in found else share
        return sorted(found.values(), key=lambda replay: replay.ordered)

    async def span(self, partition: Partition, sink: str) -> Span:
        """A sink that no worker has heard of yet is new."""
        redis = self._scripts.redis
        cursor = cast("bytes | None", await redis.get(partition.of_sink("cursor", sink)))
        if cursor is None:
            newest = await number(redis, partition.counts, "applied")
            return Span(newest, newest)
        return Span(int(cursor), await number(redis, partition.counts, f"start:{sink}"))

    async def cancel(self, id_: str, sink: str, partitions: Iterable[Partition]) -> bool:
        """False when there was nothing to cancel."""
        calls = [Call("cancel_replay", (_replay(p, sink),), (id_, now_ms())) for p in partitions]
        return any(await self._run(calls))

    async def _shares(
        self, sink: str, partitions: Sequence[Partition], lines: int | None
    ) -> list[Replay | None]:
        """Of each partition, in one round trip."""
        pipe = self._scripts.redis.pipeline(transaction=False)
        # To Redis -1 is the last line, so "none" is a span that ends before it begins.
        span = {None: (0, -1), 0: (1, 0)}.get(lines, (0, (lines or 0) - 1))
        for partition in partitions:
            pipe.hgetall(_replay(partition, sink))
            pipe.lrange(_report(partition, sink), *span)
        answers = await pipe.execute()
        pairs = zip(answers[::2], answers[1::2], strict=True)
        return [_share(sink, flat, report) if flat else None for flat, report in pairs]


def _share(sink: str, flat: dict[bytes, bytes], report: list[bytes]) -> Replay:
    f = {name.decode(): value for name, value in flat.items()}
    first, following, last = int(f["first"]), int(f["next"]), int(f["last"])
    return Replay(
        id=f["id"].decode(),
        sink=sink,
        state=f["state"].decode(),
        ordered=_time(f["ordered"]),
        ended=_time(f["ended"]) if "ended" in f else None,
        conditions=from_json(f["conditions"]),
        force=f["force"] == b"1",
        total=last - first + 1,
        looked_at=min(following, last + 1) - first,
        counts={name: int(f.get(name, 0)) for name in _COUNTERS},
        waits_for=f["reason"].decode(errors="replace") if f["state"] == b"running" else "",
        report=[msgspec.json.decode(line, type=Line) for line in report],
    )


def _together(one: Replay, other: Replay) -> Replay:
    one.state = min(one.state, other.state, key=_STATES.index)
    ends = [end for end in (one.ended, other.ended) if end]
    one.ended = None if one.state == "running" else max(ends)
    one.ordered = min(one.ordered, other.ordered)
    one.total += other.total
    one.looked_at += other.looked_at
    one.counts = {name: one.counts[name] + other.counts[name] for name in _COUNTERS}
    one.waits_for = one.waits_for or other.waits_for
    one.report += other.report
    return one


def _order_keys(lane: Lane) -> tuple[str, ...]:
    p, sink = lane.partition, lane.sink
    return _replay(p, sink), _report(p, sink), lane.cursor, p.counts, p.events


def _replay(partition: Partition, sink: str) -> str:
    return partition.of_sink("replay", sink)


def _report(partition: Partition, sink: str) -> str:
    return partition.of_sink("replayed", sink)


def _time(ms: bytes) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)

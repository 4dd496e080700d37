"""Replays as a whole: ordered, looked at, cancelled. In each partition a sink has one at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import msgspec

from workers.replay.conditions import Conditions, as_json, from_json
from workers.store.keys import Partition
from workers.store.lanes import Lane, now_ms
from workers.store.replay_batches import Line
from workers.store.scripts import Scripts
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
        known = await self.all(sink, partitions)
        if any(replay.state == "running" for replay in known):
            raise ReplayUnderWay(next(replay.id for replay in known if replay.state == "running"))
        id_, total = secrets.token_hex(4), 0
        for partition in partitions:
            total += max(0, await self._order(sink, partition, id_, conditions, force))
        return id_ if total else None

    async def _order(
        self, sink: str, partition: Partition, id_: str, conditions: Conditions, force: bool
    ) -> int:
        lane = Lane(self._scripts, partition, sink)
        # A sink that no worker has heard of yet is new: then all that the log holds lies behind its cursor.
        await lane.register()
        keys = (
            _replay(partition, sink),
            _report(partition, sink),
            lane.cursor,
            partition.counts,
            partition.events,
        )
        args = (id_, sink, as_json(conditions), int(force), now_ms())
        return int(await self._scripts.run("order_replay", keys, *args))

    async def all(self, sink: str, partitions: Iterable[Partition]) -> list[Replay]:
        """The newest of each partition, put together by their ids, oldest first."""
        found: dict[str, Replay] = {}
        for partition in partitions:
            share = await self._share(sink, partition)
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
        ended = 0
        for partition in partitions:
            ended += await self._scripts.run("cancel_replay", (_replay(partition, sink),), id_, now_ms())
        return ended > 0

    async def _share(self, sink: str, partition: Partition) -> Replay | None:
        redis = self._scripts.redis
        flat = cast("dict[bytes, bytes]", await redis.hgetall(_replay(partition, sink)))
        if not flat:
            return None
        f = {name.decode(): value for name, value in flat.items()}
        lines = cast("list[bytes]", await redis.lrange(_report(partition, sink), 0, -1))
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
            report=[msgspec.json.decode(line, type=Line) for line in lines],
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


def _replay(partition: Partition, sink: str) -> str:
    return partition.of_sink("replay", sink)


def _report(partition: Partition, sink: str) -> str:
    return partition.of_sink("replayed", sink)


def _time(ms: bytes) -> datetime:
    return datetime.fromtimestamp(int(ms) / 1000, UTC)

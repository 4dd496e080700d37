"""Reading the event log: pages over all partitions, one event, and its whole life."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

import msgspec
from redis.asyncio import Redis

from workers.events import Event
from workers.store.delivery_journal import in_ranges
from workers.store.inbox import Inbox, stored
from workers.store.keys import Partition
from workers.store.streams import number as counted
from workers.store.streams import rows, walk


@dataclass(frozen=True)
class Found:
    """An event where it lies: partition and number."""

    partition: Partition
    number: int
    event: Event


@dataclass(frozen=True)
class Life:
    """One event from its reception to each sink. Times are aware."""

    event: Event
    notifications: list[dict[str, Any]]
    decision: dict[str, Any]
    deliveries: list[dict[str, Any]]

    def as_dict(self) -> dict[str, Any]:
        """As the command line and the API show it."""
        parts = {
            "notifications": self.notifications,
            "decision": self.decision,
            "deliveries": self.deliveries,
        }
        return {"event": self.event.as_dict(), **parts}


class Log:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis, inbox: Inbox) -> None:
        self._redis = redis
        self._inbox = inbox

    async def events(self, tenant: str) -> AsyncIterator[Found]:
        """All events the log holds, partition by partition, oldest first within each."""
        for partition in self._inbox.all(tenant):
            async for found in self.after(partition, 0):
                yield found

    async def after(self, partition: Partition, number: int) -> AsyncIterator[Found]:
        """Events behind a number, oldest first."""
        async for id_, fields in walk(self._redis, partition.events, f"({number}-0"):
            yield Found(partition, int(id_.partition("-")[0]), Event(fields[b"e"]))

    async def newest(self, partition: Partition) -> int:
        """The number of the newest event, 0 for none."""
        return await counted(self._redis, partition.counts, "applied")

    async def find(self, event_id: str) -> Found | None:
        """An event by its id (`tenant/collection/id/version`): a walk from the newest of its resource back in time."""
        tenant, _, rest = event_id.partition("/")
        resource = rest.rpartition("/")[0]
        partition = self._inbox.partition(tenant, resource)
        state = cast("bytes | None", await self._redis.hget(partition.state, resource))
        number = stored(state).number if state else 0
        while number:
            found = await rows(self._redis, partition.events, f"{number}-0", f"{number}-0")
            if not found:
                return None
            fields = found[0][1]
            event = Event(fields[b"e"])
            if event.id == event_id:
                return Found(partition, number, event)
            number = int(fields[b"p"])
        return None

    async def life(self, found: Found, sinks: Iterable[str]) -> Life:
        """What was received about this version, what the gate decided, and what became of it at each sink."""
        notifications, decision = await self._decided(found)
        deliveries = [entry for sink in sinks for entry in await self._deliveries(found, sink)]
        return Life(found.event, notifications, decision, deliveries)

    async def _decided(self, found: Found) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        head = found.event.head
        # What was told of an event lies close to the moment it was learned; a repetition may follow for a day or two.
        start = int(datetime.fromisoformat(head.time).timestamp() * 1000) - 60_000
        told, decision = [], {"decision": "applied", "number": found.number}
        async for at, f in walk(self._redis, found.partition.journal, f"{max(start, 0)}-0"):
            if f[b"k"].decode() != head.subject:
                continue
            if f[b"n"] == str(found.number).encode():
                decision["at"] = _time(at)
            elif f[b"v"].decode() != head.sequence:
                continue
            told.append(_notification(f))
        return told, decision

    async def _deliveries(self, found: Found, sink: str) -> list[dict[str, Any]]:
        start = int(datetime.fromisoformat(found.event.head.time).timestamp() * 1000) - 60_000
        steps = []
        async for at, f in walk(
            self._redis, found.partition.of_sink("deliveries", sink), f"{max(start, 0)}-0"
        ):
            what = _outcome(msgspec.json.decode(f[b"r"]), found)
            if what:
                steps.append({"sink": sink, "at": _time(at), **what})
        return steps


def _outcome(record: dict[str, Any], found: Found) -> dict[str, Any]:
    number = found.number
    if in_ranges(record.get("d", ""), number):
        return {"outcome": "delivered"}
    if in_ranges(record.get("f", ""), number):
        return {"outcome": "filtered"}
    for version, numbers in record.get("c", {}).items():
        if in_ranges(numbers, number):
            return {"outcome": "filtered", "reason": _collapsed(found.event, version)}
    if in_ranges(record.get("p", ""), number):
        return {"outcome": "replayed"}
    for key, outcome in (("x", "failed"), ("q", "replay failed")):
        reason = record.get(key, {}).get(str(number))
        if reason:
            return {"outcome": outcome, "reason": reason}
    return {}


def _collapsed(event: Event, version: str) -> str:
    if not version:
        return "nothing was left to tell with the other changes"
    return f"collapsed into {event.id.rpartition('/')[0]}/{version}"


def _notification(f: dict[bytes, bytes]) -> dict[str, Any]:
    received = f[b"i"].decode().rpartition(":")[2]
    return {
        "received_at": _time(received),
        "origin": f[b"o"].decode(),
        "version": f[b"v"].decode(),
        "deleted": f[b"d"] == b"1",
        "decision": f[b"x"].decode(),
        "raw": f[b"b"].decode(errors="replace") or None,
    }


def _time(entry_id: str) -> str:
    return datetime.fromtimestamp(int(entry_id.partition("-")[0]) / 1000, UTC).isoformat(
        timespec="milliseconds"
    )

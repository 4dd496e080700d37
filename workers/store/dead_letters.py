"""Dead letters: what a sink refused or could not be given (with the event), and what could not be understood (raw)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

from redis.asyncio import Redis

from workers.events import Event
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts
from workers.store.streams import rows, walk


@dataclass(frozen=True)
class DeadLetter:
    """`id` is `tenant.partition.milliseconds-number`.

    `sink` is empty for a change that could not be understood: then `raw` is its data and `event` is None.
    """

    id: str
    sink: str
    resource: str
    reason: str
    attempts: int
    last_error: str
    at: datetime
    event: Event | None
    raw: bytes


class UnknownDeadLetter(LookupError):
    """There is no dead letter of this id (any more)."""


class DeadLetters:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts, inbox: Inbox) -> None:
        self._scripts = scripts
        self._redis: Redis = scripts.redis
        self._inbox = inbox

    async def all(self, tenant: str, sink: str | None = None) -> AsyncIterator[DeadLetter]:
        """The dead letters of a tenant, partition by partition, oldest first."""
        for partition in self._inbox.all(tenant):
            async for id_, fields in walk(self._redis, partition.dead):
                letter = _letter(partition, id_, fields)
                if sink is None or letter.sink == sink:
                    yield letter

    async def get(self, id_: str) -> DeadLetter:
        """Raises `UnknownDeadLetter`."""
        partition, entry = _place(id_)
        found = await rows(self._redis, partition.dead, entry, entry)
        if not found:
            raise UnknownDeadLetter(id_)
        return _letter(partition, entry, found[0][1])

    async def retry(self, id_: str) -> DeadLetter:
        """Hands it back: an event to its sink's lane of retries, a rejected change to the inbox."""
        letter = await self.get(id_)
        p, entry = _place(id_)
        key = p.of_sink
        keys = (
            p.dead,
            p.counts,
            key("parked", letter.sink),
            key("due", letter.sink),
            p.inbox,
            p.woken,
            p.events,
            key("kept", letter.sink),
        )
        now = int(datetime.now(UTC).timestamp() * 1000)
        if await self._scripts.run("retry_dead", keys, entry, now) == 0:
            raise UnknownDeadLetter(id_)
        return letter

    async def purge(self, id_: str) -> None:
        """Forgets the letter; in the ledger it stays counted as dead-lettered."""
        partition, entry = _place(id_)
        if not await self._redis.xdel(partition.dead, entry):
            raise UnknownDeadLetter(id_)
        await self._redis.hincrby(partition.counts, "purged:dead", 1)


def _place(id_: str) -> tuple[Partition, str]:
    try:
        tenant, number, entry = id_.rsplit(".", 2)
        return Partition(tenant, int(number)), entry
    except ValueError:
        raise UnknownDeadLetter(id_) from None


def _letter(partition: Partition, entry: str, fields: dict[bytes, bytes]) -> DeadLetter:
    f = {k.decode(): v for k, v in fields.items()}
    sink = f["s"].decode()
    return DeadLetter(
        id=f"{partition.tenant}.{partition.number}.{entry}",
        sink=sink,
        resource=f["k"].decode(),
        reason=f["r"].decode(errors="replace"),
        attempts=int(f["a"]),
        last_error=f["l"].decode(errors="replace"),
        at=datetime.fromtimestamp(int(f["t"]) / 1000, UTC),
        event=Event(f["e"]) if sink and f["e"] else None,
        raw=b"" if sink else f["e"],
    )

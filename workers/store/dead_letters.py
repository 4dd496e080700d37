"""Dead letters: what a sink refused or could not be given (with the event), and what could not be understood (raw)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.asyncio import Redis

from workers.events import Event
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts
from workers.store.streams import rows, walk

#: So many newer events of its resource are looked at for a letter that is to be handed back.
_MOST_STEPS = 50


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


class OnTheWay(Exception):
    """An event of its resource may be on its way to the sink at this moment: which one comes first, nobody could say."""


@dataclass(frozen=True)
class Passed:
    """Newer events of a resource than that of a letter, newest first, by number; None where the log has lost one.

    The sink's cursor has passed them, and they do not wait for a retry. Not `complete`: there are more.
    """

    complete: bool
    events: dict[int, Event | None]


class Overtaken(Exception):
    """The letter would go behind newer events of its resource; it stays where it is."""

    def __init__(self, passed: Passed) -> None:
        super().__init__(f"behind {', '.join(map(str, passed.events))}")
        self.passed = passed


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

    async def retry(self, id_: str, *, behind: Iterable[int] | None = (), do: bool = True) -> None:
        """Hands it back: an event to its sink's lane of retries, a rejected change to the inbox.

        `behind`: the newer events of its resource behind which it may go, None for any. With `do` False nothing is done.
        Raises `UnknownDeadLetter`, `Overtaken` and `OnTheWay`.
        """
        letter = await self.get(id_)
        args = ("*" if behind is None else "".join(f"{number}," for number in behind), _MOST_STEPS, int(do))
        answer = await self._scripts.run("retry_dead", *_retry(letter.sink, *_place(id_)), *args)
        if answer == 0:
            raise UnknownDeadLetter(id_)
        if answer == -1:
            raise OnTheWay(id_)
        if isinstance(answer, list):
            raise Overtaken(_passed(answer))

    async def of_partition(self, id_: str, sink: str) -> dict[int, str]:
        """Number → id of the letter, of all dead events of a sink in the partition of this letter."""
        partition, _ = _place(id_)
        return {
            int(fields[b"n"]): _id(partition, id_)
            async for id_, fields in walk(self._redis, partition.dead)
            if fields[b"s"].decode() == sink
        }

    async def purge(self, id_: str) -> None:
        """Forgets the letter; in the ledger it stays counted as dead-lettered."""
        partition, entry = _place(id_)
        if not await self._redis.xdel(partition.dead, entry):
            raise UnknownDeadLetter(id_)
        await self._redis.hincrby(partition.counts, "purged:dead", 1)


def _retry(sink: str, p: Partition, entry: str) -> tuple[tuple[str, ...], str, int]:
    """The keys and first arguments of the script."""
    parked, due, kept, cursor, lease, retrying = (
        p.of_sink(kind, sink) for kind in ("parked", "due", "kept", "cursor", "lease", "retrying")
    )
    keys = (p.dead, p.counts, parked, due, p.inbox, p.woken, p.events, kept, p.state, cursor, lease, retrying)
    return keys, entry, int(datetime.now(UTC).timestamp() * 1000)


def _id(partition: Partition, entry: str) -> str:
    return f"{partition.tenant}.{partition.number}.{entry}"


def _place(id_: str) -> tuple[Partition, str]:
    try:
        tenant, number, entry = id_.rsplit(".", 2)
        return Partition(tenant, int(number)), entry
    except ValueError:
        raise UnknownDeadLetter(id_) from None


def _passed(answer: list[Any]) -> Passed:
    complete, *pairs = answer
    numbers, events = pairs[::2], pairs[1::2]
    found = {int(n): Event(e) if e else None for n, e in zip(numbers, events, strict=True)}
    return Passed(complete == 1, found)


def _letter(partition: Partition, entry: str, fields: dict[bytes, bytes]) -> DeadLetter:
    f = {k.decode(): v for k, v in fields.items()}
    sink = f["s"].decode()
    return DeadLetter(
        id=_id(partition, entry),
        sink=sink,
        resource=f["k"].decode(),
        reason=f["r"].decode(errors="replace"),
        attempts=int(f["a"]),
        last_error=f["l"].decode(errors="replace"),
        at=datetime.fromtimestamp(int(f["t"]) / 1000, UTC),
        event=Event(f["e"]) if sink and f["e"] else None,
        raw=b"" if sink else f["e"],
    )

"""Our own writes, as those who write leave them for those who deliver: first the intent, then the record of the write.

An event that is an echo is in the log only after the intent was in the store. So whoever has read the event sees the
intent still open, or the record.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog

from workers.echo import Sent
from workers.protime import Write, WriteOutcome
from workers.store.connect import UNAVAILABLE, StoreUnreachable
from workers.store.keys import tenant_key
from workers.store.scripts import Scripts

log = structlog.get_logger()

#: A writer that says nothing more for so long was killed, or has lost the answer: a bit over the client's time-out.
INTENT_MS = 40_000

_SENT = msgspec.json.Decoder(Sent)


@dataclass(frozen=True)
class Intent:
    """A write that may be under way; `resource` has no id (`clockings/`) when it creates one."""

    resource: str
    kind: str
    ticket: str

    def concerns(self, resource: str, change: str) -> bool:
        """Whether an event may be what it has caused."""
        fits = resource.startswith(self.resource) if self.kind == "created" else resource == self.resource
        return fits and change == self.kind

    def __str__(self) -> str:
        return f"{self.resource} {self.kind} {self.ticket}"


@dataclass(frozen=True)
class Recorded:
    """A write that was carried out. `by` is the version of its resource in which it came back, "" before that."""

    ticket: str
    sent: Sent
    by: str


@dataclass(frozen=True)
class Look:
    """What is known at one moment: the open intents of the tenant, and the writes of each resource, oldest first."""

    intents: frozenset[Intent]
    writes: Mapping[str, Sequence[Recorded]]


class WriteRegister:
    """The `WriteObserver` of the Protime client that leaves its writes in the store."""

    def __init__(self, scripts: Scripts, tenant: str, keep_hours: float, *, life_ms: int = INTENT_MS) -> None:
        self._scripts = scripts
        self._tenant = tenant
        self._intents = _intents(tenant)
        self._keep_ms = int(keep_hours * 3_600_000)
        self._life_ms = life_ms

    async def sending(self, write: Write) -> None:
        """Raises StoreUnreachable: then nothing is sent."""
        try:
            await self._scripts.run("intend", (self._intents,), str(_intent(write)), self._life_ms)
        except UNAVAILABLE as error:
            raise StoreUnreachable(
                f"Not sent: the store does not take the intent to write ({error})"
            ) from None

    async def answered(self, write: Write, outcome: WriteOutcome) -> None:
        """A creation with an unknown outcome leaves its intent to expire: the record has no id to be known by."""
        try:
            if outcome == "refused":
                await self._scripts.redis.zrem(self._intents, str(_intent(write)))
            elif write.number is not None:
                await self._record(write, write.number)
        except UNAVAILABLE as error:
            log.warning("own write not registered, its event may pass for somebody else's", error=str(error))

    async def _record(self, write: Write, number: int) -> None:
        sent = Sent(write.kind, time.time(), {n: v for n, v in write.sent.items() if v is not None})
        keys = (self._intents, _written(self._tenant, f"{write.collection}/{number}"))
        content = msgspec.json.encode(sent)
        await self._scripts.run("wrote", keys, str(_intent(write)), write.ticket, content, self._keep_ms)


class OwnWrites:
    """The reading side. Raises `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def look(self, tenant: str, resources: Iterable[str]) -> Look:
        wanted = list(dict.fromkeys(resources))
        keys = (_intents(tenant), *(_written(tenant, resource) for resource in wanted))
        intents, *writes = await self._scripts.run("own_writes", keys)
        found = {resource: _recorded(row) for resource, row in zip(wanted, writes, strict=True)}
        return Look(frozenset(_read_intent(text.decode()) for text in intents), found)

    async def claim(self, tenant: str, resource: str, write: Recorded, version: str) -> bool:
        """Whether the write came back in this version; the first to ask decides."""
        by = await self._scripts.run("claim_write", (_written(tenant, resource),), write.ticket, version)
        return bool(by.decode() == version)


def _intents(tenant: str) -> str:
    return tenant_key(tenant, "intents")


def _written(tenant: str, resource: str) -> str:
    return tenant_key(tenant, f"written:{resource}")


def _intent(write: Write) -> Intent:
    # A creation is known by its collection before and after its answer.
    number = "" if write.kind == "created" else write.number
    return Intent(f"{write.collection}/{number}", write.kind, write.ticket)


def _read_intent(text: str) -> Intent:
    resource, kind, ticket = text.split(" ")
    return Intent(resource, kind, ticket)


def _recorded(row: Sequence[bytes]) -> list[Recorded]:
    triples = zip(row[::3], row[1::3], row[2::3], strict=True)
    return [Recorded(ticket.decode(), _SENT.decode(sent), by.decode()) for ticket, sent, by in triples]

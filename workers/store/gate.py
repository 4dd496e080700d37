"""The gate: one atomic compare-and-set for every change, whatever channel it came by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from workers.clock import now_ms
from workers.store.keys import Partition
from workers.store.scripts import Argument, Call, Scripts

#: Stands for "the event applied just before for this resource, in the same transaction".
CHAINED = "@"
#: The version of a resource that Protime gave none.
NO_VERSION = "-"


class Came(NamedTuple):
    """How an inbox entry came, for the journal. What came by webhook the gate looks up itself, with its raw data."""

    channel: str = "webhook"
    deleted: bool = False
    version: str = ""


BY_WEBHOOK = Came()


class Apply(msgspec.Struct, frozen=True, gc=False):
    """New state and an event. `expected` is the event number of the state it was computed from, "0" for none."""

    resource: str
    entry: str
    expected: str
    version: str
    deleted: bool
    body: bytes
    event: bytes
    came: Came = BY_WEBHOOK


class Supersede(msgspec.Struct, frozen=True, gc=False):
    """Older than, or equal to, what is stored."""

    resource: str
    entry: str
    version: str
    came: Came = BY_WEBHOOK


class Same(msgspec.Struct, frozen=True, gc=False):
    """Tells of the state that is stored, which gets this version if it has one. `expected` as in `Apply`."""

    resource: str
    entry: str
    expected: str
    version: str
    came: Came = BY_WEBHOOK


class Reject(msgspec.Struct, frozen=True, gc=False):
    """Cannot be understood: goes to the dead letters with its raw data; a person with nothing but `reduced`."""

    resource: str
    entry: str
    reason: str
    reduced: bytes = b""
    came: Came = BY_WEBHOOK


Decision = Apply | Same | Supersede | Reject


@dataclass(frozen=True)
class Passed:
    """What the gate did; the entries of `conflicts` (resources) are still in the inbox and want a fresh look.

    `then`: the answers, or errors, of the calls that followed in the same round trip.
    """

    applied: int
    superseded: int
    rejected: int
    conflicts: tuple[str, ...]
    then: tuple[Any, ...] = ()


class Gate:
    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def pass_through(
        self, partition: Partition, decisions: Sequence[Decision], then: Sequence[Call] = ()
    ) -> Passed:
        """Carries out the decisions in one transaction, and then the calls. Raises `redis.exceptions.RedisError`."""
        args: list[Argument] = [now_ms()]
        for decision in decisions:
            args += _operation(decision)
        p = partition
        keys = (p.inbox, p.state, p.events, p.counts, p.journal, p.dead, p.rejected)
        answer, *answers = await self._scripts.run_many([Call("gate", keys, args), *then])
        if isinstance(answer, Exception):
            raise answer
        applied, superseded, rejected, *conflicts = answer
        return Passed(applied, superseded, rejected, tuple(c.decode() for c in conflicts), tuple(answers))


def _operation(decision: Decision) -> tuple[Argument, ...]:
    channel, deleted, version = decision.came
    kept = ("1" if deleted else "0", version)
    match decision:
        case Apply(resource, entry, expected, version, gone, body, event):
            new = (version or NO_VERSION, "1" if gone else "0", body, event)
            return ("A", resource, entry, channel, *kept, expected, *new)
        case Same(resource, entry, expected, version):
            return ("K", resource, entry, channel, kept[0], version, expected)
        case Supersede(resource, entry, version):
            return ("S", resource, entry, channel, kept[0], version)
        case Reject(resource, entry, reason, reduced):
            return ("R", resource, entry, channel, *kept, reason, reduced)

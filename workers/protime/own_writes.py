"""Telling somebody of our own writes, since Protime sends them back as events (protime-api §8.5).

A program that reads the events too gives its client an observer, and so learns which of them it has caused itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from workers.protime.errors import ProtimeError, RateLimited, Transient, Unconfirmed

WriteKind = Literal["created", "updated", "deleted"]
#: unknown: it may have been carried out, or not.
WriteOutcome = Literal["done", "refused", "unknown"]


@dataclass(frozen=True)
class Write:
    """One write. `number` is the record's id, None for a creation without an answer; `sent` is the whole body.

    `ticket` tells it from all others, also from an equal one.
    """

    collection: str
    kind: WriteKind
    number: int | None
    sent: Mapping[str, Any] = field(default_factory=dict)
    ticket: str = field(default_factory=lambda: uuid.uuid4().hex)


class WriteObserver(Protocol):
    async def sending(self, write: Write) -> None:
        """Right before the request leaves, behind the rate limit. What it raises keeps the request from leaving.

        Comes once more for the same write when a refused token is replaced.
        """
        ...

    async def answered(self, write: Write, outcome: WriteOutcome) -> None:
        """After the answer. Must not raise: what is done is done.

        A process that ends in between never comes here, and a write that did not leave may come without `sending`.
        """
        ...


def outcome_of(error: ProtimeError) -> WriteOutcome:
    """What an error says about the write."""
    doubtful = isinstance(error, Transient | Unconfirmed) and not isinstance(error, RateLimited)
    return "unknown" if doubtful else "refused"

"""Lanes that are opened together with a commit: their first reading rides in the round trip that makes the events.

Without it a lane would ask for the events after the gate has answered: one more round trip, with its fsync, between a change
and its sinks. Nothing depends on it: a lane that could not be opened is called as ever.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workers.store.lanes import Lane
from workers.store.leases import Lease
from workers.store.outcomes import Reading
from workers.store.scripts import Call


@dataclass(frozen=True)
class Opening:
    """One lane with the lease under which it reads. `held` keeps its place while the commit is under way."""

    lane: Lane
    lease: Lease
    call: Call
    held: asyncio.Future[None]


@dataclass(frozen=True)
class Openings:
    """The lanes to open on one partition. After the commit `go` is called with the answers to `calls`, or `drop`.

    `begin` starts an opened lane with its first reading, `leave` gives up one that has nothing to do or was not opened (true:
    it is to be called as ever); `others` calls the lanes that were at work already.
    """

    opened: Sequence[Opening]
    begin: Callable[[Opening, Reading], None]
    leave: Callable[[Opening, bool], None]
    others: Callable[[], None]

    @property
    def calls(self) -> list[Call]:
        return [opening.call for opening in self.opened]

    def go(self, answers: Sequence[Any], *, applied: int) -> None:
        for opening, answer in zip(self.opened, answers, strict=True):
            reading = None if isinstance(answer, Exception) else opening.lane.read_answer(answer)
            if isinstance(reading, Reading) and reading.events:
                self.begin(opening, reading)
            else:
                # Held back, or not read at all: the lane itself knows what to do about it.
                self.leave(opening, isinstance(reading, int) or isinstance(answer, Exception))
        if applied:
            self.others()

    def drop(self) -> None:
        for opening in self.opened:
            self.leave(opening, False)

"""Sends rows, a few at a time, and never one that may be there already.

Rows in doubt are looked for only while nothing is being sent: otherwise a row could take an equal one's record for its
own. They come last, so that Protime has had the time to finish what it had received.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal, NamedTuple, get_args

import msgspec

from workers.imports import lookup
from workers.imports.journal import Journal
from workers.imports.plan import Job
from workers.protime import (
    BODIES,
    Conflict,
    Invalid,
    NotFound,
    Protime,
    ProtimeError,
    RateLimited,
    Transient,
    Unconfirmed,
)
from workers.retry import delay

#: So many rows are on their way at once.
LANES = 8
#: A request that Protime has received is carried out by then.
SETTLE_SECONDS = 5.0
#: So often in a row nothing may succeed, and so long may Protime ask to wait, before the import stops.
MOST_TROUBLES = 6
LONGEST_WAIT_SECONDS = 300.0


#: good: it would be sent. found: an attempt in doubt had made the record. created before: by an earlier run.
Kind = Literal["good", "created", "found", "created before", "failed"]
OUTCOMES: tuple[Kind, ...] = get_args(Kind)


class Outcome(NamedTuple):
    """What became of a row; `id` is that of its record."""

    line: int
    outcome: Kind
    id: int | None = None
    reason: str = ""


class Importing:
    """One run. `tell` hears of each row as it is decided, `waits` of each wait for Protime: why, and for how many seconds.

    Raises what stops an import: PermissionDenied, AuthenticationFailed, Transient and Unconfirmed after all patience,
    OSError when the journal cannot be written, and what the client's observer raises. Then, as after a kill, the next
    run goes on.
    """

    def __init__(
        self,
        client: Protime,
        collection: str,
        journal: Journal,
        tell: Callable[[Outcome], None],
        *,
        waits: Callable[[ProtimeError, float], None] = lambda _error, _seconds: None,
        settle_seconds: float = SETTLE_SECONDS,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._collection = collection
        self._journal = journal
        self._tell = tell
        self._waits = waits
        self._settle_seconds = settle_seconds
        self._sleep = sleep
        self._waiting: deque[Job] = deque()
        self._doubtful: list[Job] = []
        self._doubt_since = time.monotonic()
        self._trouble: Exception | None = None
        self._troubles = 0
        self._answered = False

    async def run(self, jobs: Iterable[Job]) -> None:
        left = [job for job in jobs if not job.done]
        self._waiting.extend(job for job in left if not job.doubtful)
        self._doubtful.extend(job for job in left if job.doubtful)
        while self._waiting or self._doubtful:
            if self._waiting:
                await asyncio.gather(*(self._lane() for _ in range(LANES)))
            else:
                await self._settle()
            if self._trouble is not None:
                await self._sit_out(self._trouble)

    async def _lane(self) -> None:
        """Sends until nothing is left, or something is wrong with more than a row."""
        while self._waiting and self._trouble is None:
            try:
                await self._send(self._waiting.popleft())
            except Exception as error:  # noqa: BLE001 - whatever it is, the other lanes finish their rows first
                self._trouble = error

    async def _send(self, job: Job) -> None:
        await self._journal.sending(job.key)
        try:
            number = await self._client.create(self._collection, job.row.body)
        except RateLimited:
            self._waiting.appendleft(job)
            raise
        except (Transient, Unconfirmed):
            self._doubtful.append(job)
            self._doubt_since = time.monotonic()
            raise
        except (Invalid, NotFound, Conflict) as error:
            self._journal.refused(job.key)
            self._decided(Outcome(job.row.line, "failed", reason=reason_of(error)))
        else:
            self._journal.created(job.key, number)
            self._decided(Outcome(job.row.line, "created", number))

    async def _settle(self) -> None:
        """Looks for the rows in doubt; those that are not there are sent again."""
        await self._sleep(max(0.0, self._doubt_since + self._settle_seconds - time.monotonic()))
        for job in sorted(self._doubtful, key=lambda job: lookup.size(job.row.body), reverse=True):
            try:
                number = await self._look(job)
            except ProtimeError as error:
                self._trouble = error
                return
            self._doubtful.remove(job)
            if number is None:
                self._waiting.append(job)
            else:
                self._journal.created(job.key, number)
                await self._client.confirmed(self._collection, job.row.body, number)
                self._decided(Outcome(job.row.line, "found", number))

    async def _look(self, job: Job) -> int | None:
        body = BODIES[self._collection]
        where, references = lookup.query(body, job.row.body)
        pages = self._client.list(self._collection, where, references)
        records = [msgspec.json.decode(raw) async for page in pages for raw in page.items]
        return lookup.found(body, job.row.body, records, self._journal.claimed)

    def _decided(self, outcome: Outcome) -> None:
        self._answered, self._troubles = True, 0
        self._tell(outcome)

    async def _sit_out(self, error: Exception) -> None:
        """Waits as Protime asks. Raises what waiting does not cure, and what has lasted too long."""
        self._trouble = None
        if not isinstance(error, Transient | Unconfirmed | Conflict):
            raise error
        self._troubles += 1
        asked = error.retry_after if isinstance(error, Transient | Unconfirmed) else None
        never_there = not (self._answered or error.status or isinstance(error, Unconfirmed))
        if never_there or self._troubles >= MOST_TROUBLES or (asked or 0.0) > LONGEST_WAIT_SECONDS:
            raise error
        chance = random.random()  # noqa: S311 - spreads waiting, guards nothing
        seconds = delay(
            self._troubles, least=1.0, most=LONGEST_WAIT_SECONDS, chance=chance, retry_after=asked
        )
        self._waits(error, seconds)
        await self._sleep(seconds)


def reason_of(error: ProtimeError) -> str:
    """Why Protime refused a row, without the request it belongs to."""
    details = "; ".join([*error.reasons, *map(_detail, error.validation_errors)])
    said = f"{error.status or ''} {error.message}".strip()
    return f"{said} ({details})" if details else said


def _detail(item: object) -> str:
    return ": ".join(map(str, item.values())) if isinstance(item, dict) else str(item)

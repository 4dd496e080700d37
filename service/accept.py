"""Group commit: requests that arrive together share one round trip and one fsync, and each is answered only after it.

requests ──▶ pending ──▶ one pipeline: one append script per partition touched, wake-ups ──▶ answers

The wake-up of a partition that was quiet rides with its append: it costs a change no round trip of its own. Where one
notification follows the other somebody is at work already, and the append's answer says whether a wake-up is due.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import structlog
from redis.asyncio.client import Pipeline

from workers.queue import push_live
from workers.store.connect import UNAVAILABLE
from workers.store.inbox import Arrival, BacklogFull, Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts

log = structlog.get_logger()

#: Most requests in one commit: bounds how long one of them can wait for the others.
_MOST_AT_ONCE = 1000
#: Refusals are logged at most this often.
_TELL_SECONDS = 1.0

#: A partition to which nothing was appended for so long is likely idle.
_QUIET_SECONDS = 0.02

Group = tuple[Partition, str]


class StoreAway(Exception):
    """The store did not take the append; the sender must keep the notification (answer 503)."""


@dataclass(slots=True)
class _Pending:
    tenant: str
    collection: str
    arrivals: Sequence[Arrival]
    done: asyncio.Future[None]
    groups: list[Group] = field(default_factory=list)


class Acceptor:
    """Appends to the inbox on behalf of many requests at once."""

    def __init__(self, inbox: Inbox, scripts: Scripts, wake_up: Callable[[Partition, str], bytes]) -> None:
        """`wake_up(partition, collection)` gives the message that wakes somebody for it."""
        self._inbox = inbox
        self._scripts = scripts
        self._wake_up = wake_up
        self._appended: dict[Group, float] = {}
        self._ringing: set[asyncio.Task[None]] = set()
        self._pending: list[_Pending] = []
        self._committing: asyncio.Task[None] | None = None
        self._tell_after = 0.0

    async def append(self, tenant: str, collection: str, arrivals: Sequence[Arrival]) -> None:
        """Returns when all arrivals are on disk. Raises `StoreAway` or `BacklogFull`.

        Part of them may be stored then, which is harmless: the sender repeats, and the gate knows what it has seen.
        """
        done = asyncio.get_running_loop().create_future()
        self._pending.append(_Pending(tenant, collection, arrivals, done))
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit_all())
        await done

    async def _commit_all(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending[:_MOST_AT_ONCE], self._pending[_MOST_AT_ONCE:]
                await self._commit(batch)
        finally:
            self._committing = None

    async def _commit(self, batch: list[_Pending]) -> None:
        groups: dict[Group, list[Arrival]] = {}
        for pending in batch:
            for arrival in pending.arrivals:
                group = (self._inbox.partition(pending.tenant, arrival.resource), pending.collection)
                groups.setdefault(group, []).append(arrival)
                pending.groups.append(group)
        quiet = self._quiet(groups)
        try:
            calls = [self._inbox.notify_call(p, collection, some) for (p, collection), some in groups.items()]
            answers = dict(zip(groups, await self._scripts.run_many(calls, self._along(quiet)), strict=True))
        except Exception as error:  # noqa: BLE001  # whatever it is: nobody may wait for an answer for ever
            answers = dict.fromkeys(groups, error)
        for pending in batch:
            _answer(pending, answers)
        self._tell({_reason(answer) for answer in answers.values()} - {""})
        self._ring([group for group, answer in answers.items() if answer == 1 and group not in quiet])

    def _along(self, quiet: set[Group]) -> Callable[[Pipeline], None] | None:
        """The wake-ups that ride with the appends."""
        messages = [self._wake_up(*group) for group in quiet]
        return (lambda pipe: push_live(pipe, messages)) if messages else None

    def _quiet(self, groups: Iterable[Group]) -> set[Group]:
        """Where nothing was appended for a while."""
        now = time.monotonic()
        quiet = {group for group in groups if now - self._appended.get(group, 0.0) > _QUIET_SECONDS}
        self._appended.update(dict.fromkeys(groups, now))
        return quiet

    def _ring(self, groups: list[Group]) -> None:
        """A request never waits for a wake-up."""
        if groups:
            task = asyncio.create_task(self._push([self._wake_up(*group) for group in groups]))
            self._ringing.add(task)
            task.add_done_callback(self._ringing.discard)

    async def _push(self, messages: list[bytes]) -> None:
        try:
            pipe = self._scripts.redis.pipeline(transaction=False)
            push_live(pipe, messages)
            await pipe.execute()
        except UNAVAILABLE as error:
            log.debug("wake-up not sent, the sweep will find the work", error=str(error))

    async def close(self) -> None:
        await asyncio.gather(*self._ringing)

    def _tell(self, reasons: set[str]) -> None:
        """Says why requests were answered 503; an outage under load must not flood the log."""
        if reasons and time.monotonic() >= self._tell_after:
            self._tell_after = time.monotonic() + _TELL_SECONDS
            log.warning("notifications not accepted", reasons=sorted(reasons))


def _reason(answer: object) -> str:
    if isinstance(answer, Exception):
        return f"{type(answer).__name__}: {answer}"
    return "the backlog is full" if answer == -1 else ""


def _answer(pending: _Pending, answers: dict[Group, object]) -> None:
    if pending.done.done():  # the client went away meanwhile
        return
    for group in pending.groups:
        answer = answers[group]
        if isinstance(answer, Exception):
            pending.done.set_exception(StoreAway(str(answer)))
            return
        if answer == -1:
            pending.done.set_exception(BacklogFull(str(group[0])))
            return
    pending.done.set_result(None)

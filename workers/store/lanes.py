"""One sink's way along one partition's log: its cursor, the resources that wait for a retry, its hold after an outage."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from workers.clock import now_ms
from workers.events import Event
from workers.store.delivery_journal import record
from workers.store.keys import Partition
from workers.store.leases import LEASE_MS
from workers.store.outcomes import Hold, Logged, Outcome, Reading, Retried, Waiting
from workers.store.scripts import Argument, Call, Scripts


class Lane:
    """The store's side of one sink on one partition."""

    def __init__(self, scripts: Scripts, partition: Partition, sink: str) -> None:
        self._scripts = scripts
        self.partition = partition
        self.sink = sink
        key = partition.of_sink
        self.cursor, self.lease, self.hold = key("cursor", sink), key("lease", sink), key("hold", sink)
        self.parked, self.due, self.retrying = key("parked", sink), key("due", sink), key("retrying", sink)
        self.sealed, self.kept = key("sealed", sink), key("kept", sink)
        self.deliveries = key("deliveries", sink)

    async def register(self) -> int:
        """Called before anything is processed: a new sink starts at the end of the log.

        How many events a sink that came back has missed for good: the log does not hold them any more.
        """
        keys = (self.cursor, self.partition.counts, self.partition.events)
        return int(await self._scripts.run("register_sink", keys, self.sink))

    async def read(self, token: str, most: int) -> Reading | int | None:
        """Events to deliver, the time (ms) before which the sink is not to be tried, or None: another worker is at it."""
        call = self.read_call(token, most)
        return self.read_answer(await self._scripts.run(call.script, call.keys, *call.args))

    def read_call(self, token: str, most: int) -> Call:
        """`read` as a call that can ride with others."""
        keys = (self.partition.events, self.lease, self.cursor, self.parked, self.hold)
        return Call("read_events", keys, (token, LEASE_MS, most, now_ms()))

    @staticmethod
    def read_answer(answer: Any) -> Reading | int | None:
        """What `read` gives for the answer of its call."""
        if answer is None or isinstance(answer, int):
            return answer
        cursor, attempts, *rows = answer
        return Reading(int(cursor), int(attempts), [_logged(row) for row in rows])

    async def commit(self, token: str, cursor: int, outcome: Outcome, read: Sequence[Logged] = ()) -> int:
        """Moves the cursor. Returns the number of events left behind it, -1 when somebody else has moved it.

        -1 as well when the store was set back and the log does not hold what was `read` any more: it is read again.
        """
        call = self._commit_call(token, cursor, outcome, read)
        return int(await self._scripts.run(call.script, call.keys, *call.args))

    async def commit_and_read(
        self, token: str, cursor: int, outcome: Outcome, read: Sequence[Logged], most: int
    ) -> tuple[int, Reading | int | None]:
        """`commit`, and in the same round trip `read` of what follows (None: it is to be read anew)."""
        calls = [self._commit_call(token, cursor, outcome, read), self.read_call(token, most)]
        left, following = await self._scripts.run_many(calls)
        for answer in (left, following):
            if isinstance(answer, Exception):
                raise answer
        reading = self.read_answer(following)
        # A store that was restarted has forgotten the scripts: what was read may be from before the commit.
        stale = isinstance(reading, Reading) and reading.cursor != outcome.cursor_to
        return int(left), None if stale else reading

    def _commit_call(self, token: str, cursor: int, outcome: Outcome, read: Sequence[Logged]) -> Call:
        p = self.partition
        keys = (
            self.cursor,
            self.lease,
            p.counts,
            self.parked,
            self.due,
            p.dead,
            self.deliveries,
            self.hold,
            p.events,
            self.sealed,
        )
        args = (token, self.sink, cursor, outcome.cursor_to, *_decided(outcome, _last(outcome, read)))
        return Call("commit_delivery", keys, args)

    async def read_parked(
        self, token: str, *, resources: int = 20, events: int = 50, ahead_ms: int = 0
    ) -> list[Waiting] | None:
        """Parked resources whose retry is due; None when another worker is at them.

        With one that is due go those put off that are due within `ahead_ms`.
        """
        keys = (self.due, self.retrying, self.parked, self.partition.events, self.sealed, self.kept)
        answer = await self._scripts.run(
            "read_parked", keys, token, LEASE_MS, now_ms(), resources, events, ahead_ms
        )
        return None if answer is None else [_waiting(row) for row in answer]

    async def seal(self, groups: Iterable[tuple[str, int, int]], at_ms: int) -> list[bool]:
        """Notes which waiting events are about to be tried as one: resource, first number and last number of each.

        False for a resource whose first waiting event is another one by now. The age of what is tried counts from here.
        """
        keys = (self.parked, self.sealed)
        answers = await self._scripts.run_many([Call("seal", keys, (*group, at_ms)) for group in groups])
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return [bool(answer) for answer in answers]

    async def commit_retry(self, retried: Retried) -> bool:
        """False when the resource was not in the expected state any more; nothing was done then."""
        r, p = retried, self.partition
        keys = (self.parked, self.due, p.counts, p.dead, self.deliveries, p.events, self.sealed, self.kept)
        failed = {} if r.failed is None else dict.fromkeys([*r.others, r.failed], r.dead or r.error)
        collapsed = {r.into: r.collapsed} if r.collapsed else {}
        gone = len(r.delivered) + len(r.collapsed)
        args: list[Argument] = [self.sink, r.resource, r.first, gone, r.attempts, r.due_ms]
        args += [record(r.delivered, (), failed, collapsed), now_ms(), r.dead, r.error]
        args += [len(r.collapsed), len(failed), r.since_ms]
        return bool(await self._scripts.run("commit_retry", keys, *args))


def _last(outcome: Outcome, read: Sequence[Logged]) -> str:
    """What tells the last event that is passed from another one of its number; "" when it is not known."""
    passed = (e.event.json for e in read if e.number == outcome.cursor_to)
    return next((hashlib.sha1(json, usedforsecurity=False).hexdigest() for json in passed), "")


def _decided(outcome: Outcome, last: str) -> Sequence[Argument]:
    hold = outcome.hold or Hold(0, 0, "")
    failed = {p.number: p.error for p in outcome.parked if p.error} | {
        d.number: d.reason for d in outcome.dead
    }
    said = record(outcome.delivered, outcome.filtered, failed)
    args: list[Argument] = [len(outcome.delivered), len(outcome.filtered), said, now_ms()]
    args += [hold.until_ms, hold.attempts, hold.reason, last]
    for p in outcome.parked:
        args += ["P", p.number, p.resource, p.attempts, p.due_ms, p.error]
    for w in outcome.put_off:
        args += ["W", w.number, w.resource, w.due_ms, w.most_ms, ""]
    for d in outcome.dead:
        args += ["D", d.number, d.resource, d.attempts, d.reason, d.error]
    return args


def _logged(row: list[bytes]) -> Logged:
    number, resource, event, waits = row
    return Logged(int(number), resource.decode(), Event(event), waits == b"1")


def _waiting(row: list[Any]) -> Waiting:
    resource, attempts, since, total, sealed, *pairs = row
    events = [(int(n), Event(e) if e else None) for n, e in zip(pairs[::2], pairs[1::2], strict=True)]
    return Waiting(resource.decode(), int(attempts), int(since), int(total), events, int(sealed))

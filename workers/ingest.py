"""From the inbox through the gate: drains one partition in batches."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import structlog

from workers import clock, plan
from workers.as_they_come import as_they_come
from workers.asks import SECONDS as ASK_SECONDS
from workers.asks import Asks
from workers.decisions import TenantIngest, compact, decide
from workers.openings import Openings
from workers.refusals import Refused
from workers.store.gate import Decision, Gate, Passed
from workers.store.inbox import NO_ID, Batch, Entry, Inbox, Stored
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.scripts import Call

log = structlog.get_logger()

BATCH = 500
#: A resource that cannot be fetched for so long is delivered as its signed notification told it.
FALLBACK_SECONDS = 30.0
#: A 404 about a record that Protime told of less than so long ago is asked again: who answered may not know it yet. When the
#: record is gone indeed, its Delete is on its way, and needs no asking.
DOUBT_SECONDS = 5.0


#: Fetches one resource for ingest: the resource as an entry (deleted for a 404), or None when it is to be tried later. Raises
#: `Refused` when Protime does not give it to us: then the notification counts as it was signed, at once.
Fetch = Callable[[str, str, int], Awaitable["Entry | None"]]


@dataclass(frozen=True)
class _Done:
    """`decided`: something was; `left`: whether the lease was given back with it, None when that was not asked."""

    decided: bool = False
    left: bool | None = None


class Ingest:
    """Drains partitions. Several may be drained at a time; one partition by one worker."""

    def __init__(
        self,
        inbox: Inbox,
        gate: Gate,
        leases: Leases,
        tenants: Mapping[str, TenantIngest],
        fetch: Fetch,
        committed: Callable[[Partition], None],
        fallback_seconds: float = FALLBACK_SECONDS,
        doubt_seconds: float = DOUBT_SECONDS,
        ask_seconds: float = ASK_SECONDS,
        openings: Callable[[Partition], Openings | None] = lambda _: None,
    ) -> None:
        """`committed` is called when new events are in a partition's log; it must not block.

        `openings` says which lanes to open together with a commit; it then calls the others itself.
        """
        self._inbox = inbox
        self._gate = gate
        self._leases = leases
        self._tenants = tenants
        self._fetch = fetch
        self._committed = committed
        self._fallback_seconds = fallback_seconds
        self._doubt_seconds = doubt_seconds
        self._asks = Asks(ask_seconds)
        self._openings = openings

    async def drain(self, partition: Partition) -> None:
        """Decides everything the inbox holds; returns when it is empty or another worker is at it."""
        lease = self._leases.hold(partition.lease)
        try:
            while await self._pass(partition, lease.token):
                pass
        finally:
            self._leases.forget(lease)

    async def _pass(self, partition: Partition, token: str) -> bool:
        """Reads from the start to the end, and leaves; True when there is more to read, and the lease is kept."""
        after, again = "-", False
        while batch := await self._inbox.read(partition, token, after=after, most=BATCH):
            # What waits in other inboxes may remain beyond what one read brings.
            beyond = any(":" in entry.id for entry in batch.entries)
            leave = None if again or beyond or batch.after else self._inbox.leave_call(partition, token)
            done = await self._decide(partition, batch, leave)
            if done.left is not None:
                return not done.left
            # Where nothing could be decided there is nothing to go on with: the sweep comes again.
            again = again or (beyond and done.decided)
            if not batch.after:
                return again or await self._inbox.leave(partition, token)
            after = batch.after
        return False

    async def _decide(self, partition: Partition, batch: Batch, leave: Call | None) -> _Done:
        """`leave` rides with a commit that is the only one."""
        tenant = self._tenants[partition.tenant]
        groups: dict[str, list[Entry]] = {}
        for entry in batch.entries:
            groups.setdefault(entry.resource, []).append(entry if entry.version else compact(entry))
        known, asked = dict[str, plan.Plan](), dict[str, plan.Plan]()
        for resource, entries in groups.items():
            outlook, ask = _outlook(tenant, resource, entries, batch.states.get(resource))
            (asked if ask else known)[resource] = outlook
        done = await self._carry_out(partition, known, batch.states, None if asked else leave)
        looks = [self._ask(tenant, r, groups[r], batch.states.get(r), asked[r]) for r in asked]
        # What Protime has answered goes on while it is asked for the rest.
        async with aclosing(as_they_come(looks)) as answers:
            async for some in answers:
                plans = {resource: found for resource, found in some if found is not None}
                more = await self._carry_out(partition, plans, batch.states)
                done = _Done(done.decided or more.decided, done.left)
        return done

    async def _carry_out(
        self,
        partition: Partition,
        plans: Mapping[str, plan.Plan],
        states: Mapping[str, Stored],
        leave: Call | None = None,
    ) -> _Done:
        tenant = self._tenants[partition.tenant]
        decisions: list[Decision] = []
        for resource, found in plans.items():
            decisions += decide(tenant, found, states.get(resource))
        if not decisions:
            return _Done()
        passed, left = await self._commit(partition, decisions, leave)
        if passed.conflicts:
            log.info(
                "state moved under a batch, it is read again",
                partition=str(partition),
                n=len(passed.conflicts),
            )
        return _Done(True, left)

    async def _commit(
        self, partition: Partition, decisions: Sequence[Decision], leave: Call | None
    ) -> tuple[Passed, bool | None]:
        openings = self._openings(partition)
        opened = openings.calls if openings else []
        try:
            passed = await self._gate.pass_through(
                partition, decisions, [*opened, *([leave] if leave else [])]
            )
        except BaseException:
            if openings:
                openings.drop()
            raise
        if openings:
            openings.go(passed.then[: len(opened)], applied=passed.applied)
        elif passed.applied:
            self._committed(partition)
        return passed, _given_back(passed.then[-1]) if leave else None

    async def _ask(
        self,
        tenant: TenantIngest,
        resource: str,
        entries: list[Entry],
        stored: Stored | None,
        known: plan.Plan,
    ) -> tuple[str, plan.Plan | None]:
        """The plan with the record as Protime has it now; None: its entries stay where they are."""
        waited = clock.now() - known.apply[0].arrived_ms / 1000
        if waited < -clock.SKEW_SECONDS:
            waited = math.inf  # the clock of the store was set back: nobody knows how long it has waited
        try:
            found = await self._asked(tenant.name, resource, waited)
            patience = self._fallback_seconds
        except Refused:
            found, patience = None, -math.inf
        if found is not None:
            return resource, plan.fetched(entries, stored, found)
        # A deleted record is not brought back on a guess, however long Protime cannot be asked.
        guess = waited > patience and not plan.doubted(entries, stored)
        return resource, known if guess else None

    async def _asked(self, tenant: str, resource: str, waited: float) -> Entry | None:
        """What Protime says of a record that it told of `waited` seconds ago; None: nothing that counts now. Raises `Refused`."""
        if not self._asks.due((tenant, resource)):
            return None
        collection, _, number = resource.partition("/")
        found = await self._fetch(tenant, collection, int(number))
        if found is None or (found.deleted and waited < self._doubt_seconds):
            self._asks.put_off((tenant, resource))
            return None
        return found


def _given_back(answer: Any) -> bool | None:
    return None if isinstance(answer, Exception) else answer == 0


def _outlook(
    tenant: TenantIngest, resource: str, entries: list[Entry], stored: Stored | None
) -> tuple[plan.Plan, bool]:
    """The plan by what is known, and whether Protime is to be asked for the record before."""
    collection, _, number = resource.partition("/")
    if number == NO_ID:
        return plan.all_of(entries), False  # as many different records: each is rejected for itself
    mode = tenant.fetch.get(collection, "payload")
    doubted = plan.doubted(entries, stored)
    if doubted and collection not in tenant.fetch:
        # It is not configured any more: nobody may ask for it, and on a guess no deleted record is brought back.
        return plan.nothing(entries), False
    if mode == "payload" and not doubted:
        return plan.every(entries, stored), False
    known = plan.newest(entries, stored)
    if mode != "resource" and not doubted:
        return known, False
    if not known.apply or known.apply[0].deleted:
        return known, False
    # A list or a delta may have brought the newest state itself.
    version = known.apply[0].version
    return known, not any(e.origin != "webhook" and e.version >= version for e in entries)

"""Pulling deltas: one at a time for each tenant and collection, over all processes.

    note the newest waiting notifications ─▶ GET the delta ─▶ append its items ─▶ store the new link ─▶ let the noted
    notifications go on (most are superseded by the items) ─▶ wake the partitions

Effects are durable before the cursor: a kill between two steps repeats items, which the gate recognises. The cursor is stored
in the life of the store that took them or not at all: one that was restarted may have lost them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from workers import arrivals, clock
from workers.delta_end import after_the_end, is_over, taken_over
from workers.delta_failures import DeltaFailures
from workers.delta_settings import remade, rest, told
from workers.delta_walk import AT_ONCE, DeltaWalk, NoRoom, keep_off_unless_ours
from workers.first_loads import Way
from workers.protime import Gone, ProtimeError
from workers.reading import TenantReading
from workers.refusals import Refusals
from workers.store.deltas import DeltaState, DeltaStates, again_key, lock_key
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Lease, Leases, LockLost
from workers.store.lives import SetBack
from workers.store.owed import Owed
from workers.store.scripts import Scripts

log = structlog.get_logger()

#: Two pulls of a delta begin at least so far apart: a burst of notifications costs few calls.
INTERVAL_SECONDS = 0.25
#: So many are appended at a time: what is live waits no longer than that.
_CHUNK = 2000


class Deltas:
    def __init__(
        self,
        scripts: Scripts,
        inbox: Inbox,
        leases: Leases,
        states: DeltaStates,
        owed: Owed,
        refusals: Refusals,
        tenants: Mapping[str, TenantReading],
        wake: Callable[[Iterable[Partition]], None],
        way: Way,
        walks: int = AT_ONCE,
    ) -> None:
        """`wake` is told which partitions have new work; `way` takes the records of a first walk, `walks` at a time."""
        self._scripts = scripts
        self._inbox = inbox
        self._leases = leases
        self._states = states
        self._owed = owed
        self._refusals = refusals
        self._tenants = tenants
        self._wake = wake
        self._disputed: dict[tuple[str, str], float] = {}
        self._walk = DeltaWalk(inbox, states, tenants, wake, way, walks)
        self._failures = DeltaFailures(inbox, states, refusals, tenants, wake)

    async def pull(self, tenant: str, collection: str) -> None:
        """Pulls until nobody asks any more. Another process that pulls already is told to pull once more."""
        await self._pull(tenant, collection)
        # Whoever makes room goes on with what found none: the timer may be hours away.
        while (waiting := self._walk.next()) is not None:
            await self._pull(*waiting)

    async def _pull(self, tenant: str, collection: str) -> None:
        if collection not in self._tenants[tenant].deltas:
            return
        again = again_key(tenant, collection)
        lease = await self._leases.acquire(lock_key(tenant, collection))
        if lease is None:
            await self._scripts.redis.set(again, "1", px=60_000)
            return
        try:
            while await self._pull_once(tenant, collection, lease):
                if not await self._scripts.run("leave", (lease.key, again), lease.token):
                    break
        finally:
            await self._leases.release(lease)

    async def _pull_once(self, tenant: str, collection: str, lease: Lease) -> bool:
        since = await self._states.life()  # before the link is read: it may be gone with what lies before it
        state = await self._state(tenant, collection)
        wait = _wait(state, clock.now())
        if wait > 5 * INTERVAL_SECONDS:
            marks = await self._inbox.waiting_marks(tenant, collection)
            await self._failures.wait(collection, state, marks)
            return False  # refused a moment ago: the timer and the sweep come again
        await asyncio.sleep(max(0.0, wait))
        state.asked_at = clock.now()
        marks = await self._inbox.waiting_marks(tenant, collection)
        try:
            touched = await self._fetch(tenant, collection, state, lease, since)
            await self._pulled(tenant, collection, state, since, lease)
        except NoRoom:
            await self._failures.let_go(collection, marks)
            return False
        except (ProtimeError, SetBack, LockLost) as error:
            again = await self._failed(tenant, collection, state, error, marks, since, lease)
            return again and await self._pull_once(tenant, collection, lease)
        await self._inbox.pulled_through(collection, marks)
        self._wake(touched | set(marks))
        return True

    async def _failed(
        self,
        tenant: str,
        collection: str,
        state: DeltaState,
        error: ProtimeError | SetBack | LockLost,
        marks: Mapping[Partition, str],
        since: str,
        lease: Lease,
    ) -> bool:
        """Whether to pull again at once."""
        try:
            return await self._after(tenant, collection, state, error, marks, since, lease)
        except LockLost:
            log.warning("pull left to another process", tenant=tenant, collection=collection)
            return False
        except SetBack:
            log.warning("store restarted under a pull, it is repeated", tenant=tenant, collection=collection)
            return True

    async def _after(
        self,
        tenant: str,
        collection: str,
        state: DeltaState,
        error: ProtimeError | SetBack | LockLost,
        marks: Mapping[Partition, str],
        since: str,
        lease: Lease,
    ) -> bool:
        match error:
            case LockLost() | SetBack():
                raise error
            case ProtimeError() if is_over(state, error):
                await self._start_anew(tenant, collection, state, error, lease)
                return True
            case ProtimeError():
                await self._failures.met(tenant, collection, state, error, marks, since, lease)
                return False

    async def _pulled(
        self, tenant: str, collection: str, state: DeltaState, since: str, lease: Lease
    ) -> None:
        fine = {"failing_since": 0.0, "retry_at": 0.0, "error": "", "attempts": 0}
        pulled = msgspec.structs.replace(state, pulled_at=clock.now(), **fine)
        await self._states.put(tenant, collection, pulled, since, lease)
        await self._refusals.over(tenant, collection)

    async def _start_anew(
        self, tenant: str, collection: str, state: DeltaState, error: ProtimeError, lease: Lease
    ) -> None:
        """A new walk brings what changed; what was deleted since the last pull only a whole comparison finds."""
        keep_off_unless_ours(lease)  # the link that is gone may be an old one of ours
        life = self._tenants[tenant].delta_life
        new = after_the_end(state, clock.now(), life)
        about = {"tenant": tenant, "collection": collection, "error": str(error)}
        if not isinstance(error, Gone):
            log.error("delta refused, starting anew", times=new.superseded, **about)
        elif taken_over(state, clock.now(), life):
            log.error(
                "delta taken over by another client, starting anew",
                times=new.superseded,
                to_do="perhaps another program uses this client or follows the deltas of these collections: let it not",
                **about,
            )
        else:
            log.warning("delta expired, starting anew", **about)
        if state.link:
            await self._owed.note(tenant, collection)
        await self._states.put(tenant, collection, new, lease=lease)

    async def _state(self, tenant: str, collection: str) -> DeltaState:
        """Where the delta stands. One that was started with other references, or from another day, is started anew."""
        state, made_for = await self._states.get(tenant, collection), self._tenants[tenant].asks(collection)
        if state.made_for and state.made_for != made_for:
            now = clock.now()
            if (seconds := rest(state, now)) > 0:
                self._say_disputed(tenant, collection, state, made_for, seconds)
                return msgspec.structs.replace(state, retry_at=now + seconds)
            log.info("configuration changed, the delta starts anew", tenant=tenant, collection=collection)
            if state.link:
                await self._owed.note(tenant, collection)
            state = remade(state, now)
        state.made_for = made_for
        return state

    def _say_disputed(
        self, tenant: str, collection: str, state: DeltaState, made_for: str, seconds: float
    ) -> None:
        """Once for each time that it was started anew: every wake-up comes by here."""
        if self._disputed.get((tenant, collection)) == state.remade_at:
            return
        self._disputed[tenant, collection] = state.remade_at
        log.error(
            "workers with different configurations start this delta anew in turn, waiting",
            tenant=tenant,
            collection=collection,
            here=told(made_for),
            there=told(state.made_for),
            seconds=round(seconds),
            times=state.remade,
            to_do="let all workers run with the same configuration",
        )

    async def _fetch(
        self, tenant: str, collection: str, state: DeltaState, lease: Lease, since: str
    ) -> set[Partition]:
        """Appends what the delta gives, and puts the new link into `state`."""
        if not state.link:
            await self._walk.go(tenant, collection, state, lease, since)
            return set()
        page = await self._tenants[tenant].client.delta_pull(state.link)
        touched = await self._append(
            tenant, [arrivals.of_item(collection, item) for item in page.items], lease
        )
        state.link = page.delta_link
        return touched

    async def _append(self, tenant: str, found: list[Arrival], lease: Lease) -> set[Partition]:
        touched = set[Partition]()
        for start in range(0, len(found), _CHUNK):
            keep_off_unless_ours(lease)
            touched |= await self._inbox.append(tenant, "delta", found[start : start + _CHUNK])
        return touched


def _wait(state: DeltaState, now: float) -> float:
    """Seconds until the next pull. After one in the future there is none: the clock was set back meanwhile."""
    if state.asked_at > now:
        return 0.0
    return max(INTERVAL_SECONDS - (now - state.asked_at), state.retry_at - now)

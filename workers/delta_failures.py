"""A delta that cannot be pulled: when it is tried again, what becomes of the notifications that wait for it, who hears of it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping

import msgspec
import structlog

from workers import clock
from workers.protime import Conflict, ProtimeError, Transient
from workers.reading import TenantReading
from workers.refusals import Refusals
from workers.retry import delay
from workers.store.delta_metrics import ALARM
from workers.store.deltas import DeltaState, DeltaStates
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.leases import Lease

log = structlog.get_logger()

#: When a delta cannot be pulled for so long, waiting notifications are delivered as they were signed.
FALLBACK_SECONDS = 30.0


_LEAST_SECONDS, _LEAST_REFUSED_SECONDS, _MOST_SECONDS = 1.0, 60.0, 300.0
#: Over by itself, most of the time: 409 says that something else is at the delta at this moment (protime-api §4.1).
_PASSING = (Transient, Conflict)
_DICE = random.Random()  # noqa: S311  # spreads retries, guards nothing

#: The newest notification that waits, in each partition that has one.
Marks = Mapping[Partition, str]


class DeltaFailures:
    def __init__(
        self,
        inbox: Inbox,
        states: DeltaStates,
        refusals: Refusals,
        tenants: Mapping[str, TenantReading],
        wake: Callable[[Iterable[Partition]], None],
    ) -> None:
        self._inbox = inbox
        self._states = states
        self._refusals = refusals
        self._tenants = tenants
        self._wake = wake

    async def met(
        self,
        tenant: str,
        collection: str,
        state: DeltaState,
        error: ProtimeError,
        marks: Marks,
        since: str,
        lease: Lease,
    ) -> None:
        """Notes the failure and when to try again. Raises `SetBack` and `LockLost` like a pull that succeeded."""
        now = clock.now()
        again = failed(state, error, now, _DICE.random())
        await self._states.put(tenant, collection, again, since, lease)
        await self._refusals.met(tenant, collection, error)
        self._say(tenant, collection, again, now)
        if not isinstance(error, _PASSING):
            await self.let_go(collection, marks)
        else:
            await self.wait(collection, again, marks)

    async def wait(self, collection: str, state: DeltaState, marks: Marks) -> None:
        """Notifications do not wait for a delta that stays away; newer states follow by it later.

        When the next try comes too late for them anyway, they go on at once.
        """
        since = state.failing_since or state.superseded_at
        now = clock.now()
        # A beginning in the future: the clock was set back meanwhile, and nobody knows how long they have waited.
        if since > now or max(now, state.retry_at) - since > FALLBACK_SECONDS:
            await self.let_go(collection, marks)

    async def let_go(self, collection: str, marks: Marks) -> None:
        """These notifications are decided as they were signed."""
        await self._inbox.pulled_through(collection, marks)
        self._wake(marks)

    def _say(self, tenant: str, collection: str, state: DeltaState, now: float) -> None:
        life = self._tenants[tenant].delta_life
        about = {"tenant": tenant, "collection": collection, "error": state.error, "attempts": state.attempts}
        if now - state.known_at > life * ALARM:
            hours = {"dies_in_hours": round((life - (now - state.known_at)) / 3600, 1)}
            log.error("delta not pulled for a third of its life", **about, **hours)
        else:
            log.warning("delta not pulled", **about)


def failed(state: DeltaState, error: ProtimeError, now: float, chance: float) -> DeltaState:
    """The state after a failure at `now` (Unix seconds); `chance` in 0…1 spreads the retries. Pure."""
    transient = isinstance(error, _PASSING)
    wait = delay(
        state.attempts + 1,
        least=_LEAST_SECONDS if transient else _LEAST_REFUSED_SECONDS,
        most=_MOST_SECONDS,
        chance=chance,
        retry_after=error.retry_after if isinstance(error, Transient) else None,
    )
    return msgspec.structs.replace(
        state,
        attempts=state.attempts + 1,
        failing_since=state.failing_since or now,
        retry_at=now + wait,
        error=str(error),
    )

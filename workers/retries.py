"""Retries: the parked resources of one sink on one partition, each when it is due."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from workers import clock
from workers.collapse import settle_together, together
from workers.deliver import settle_retry
from workers.delivery import Delivery
from workers.first_attempts import Later
from workers.passage import Passage
from workers.serving import Serving
from workers.store.lanes import Lane
from workers.store.leases import Lease
from workers.store.outcomes import Retried, Waiting

_AT_ONCE = 4


class Retries:
    """`again` calls the lane once more."""

    def __init__(self, serving: Serving, again: Later) -> None:
        self._serving = serving
        self._again = again

    async def retry_all(self, lane: Lane) -> None:
        """Until nothing is due, or somebody else is at it. Raises `redis.exceptions.RedisError`."""
        if self._serving.breakers.turns_away(lane, retry=True):
            return
        lease = self._serving.leases.hold(lane.retrying)
        try:
            while not self._serving.stopping and await self._turn(lane, lease):
                pass
        finally:
            await self._serving.leases.release(lease)

    async def _turn(self, lane: Lane, lease: Lease) -> bool:
        async with self._serving.breakers.passage(lane, retry=True) as passage:
            waiting = None if passage.shut else await self._due(lane, lease, passage)
            if not waiting:
                return False
            died = await self._retry_some(lane, lease, passage, waiting)
            return lease.alive and (died or not passage.burying)

    async def _due(self, lane: Lane, lease: Lease, passage: Passage) -> list[Waiting] | None:
        options, _ = self._serving.sinks[lane.sink]
        if options.collapse:
            some = together(options.collapse, options.batch, probing=passage.probing)
            found = await lane.read_parked(lease.token, **some)
        elif passage.probing:
            found = await lane.read_parked(lease.token, resources=1, events=1)
        else:
            found = await lane.read_parked(lease.token)
        if found is None or options.own_writes != "mark":
            return found
        return [await self._serving.echoes.mark(lane.partition.tenant, waiting) for waiting in found]

    async def _retry_some(
        self, lane: Lane, lease: Lease, passage: Passage, waiting: Sequence[Waiting]
    ) -> bool:
        """Whether there are new dead letters."""
        delivery = self._serving.delivery(lane, lease, passage)
        if collapse := delivery.options.collapse:
            view = self._serving.views[lane.partition.tenant]
            settled = await settle_together(delivery, collapse, lane, waiting, view)
            for retried in settled:
                await self._note(lane, retried)
            return any(retried.dead for retried in settled)
        limit = asyncio.Semaphore(_AT_ONCE)
        found = await asyncio.gather(*(self._retry(lane, delivery, passage, one, limit) for one in waiting))
        return any(retried.dead for retried in found if retried)

    async def _retry(
        self, lane: Lane, delivery: Delivery, passage: Passage, waiting: Waiting, limit: asyncio.Semaphore
    ) -> Retried | None:
        async with limit:
            sends = passage.sends()
            retried = await settle_retry(delivery, waiting)
            # What was not even sent stays as it is, unless it has become too old.
            if retried is not None and (sends or retried.dead):
                await self._note(lane, retried)
            return retried

    async def _note(self, lane: Lane, retried: Retried) -> None:
        await lane.commit_retry(retried)
        if retried.due_ms:
            self._again(retried.due_ms / 1000 - clock.now(), lane)

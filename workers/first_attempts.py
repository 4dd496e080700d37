"""First attempts: the lane of one sink on one partition, from its cursor on."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

from workers.collapse import put_off
from workers.deliver import settle
from workers.echoes import Sifted
from workers.passage import Passage
from workers.serving import Serving
from workers.store.lanes import Lane
from workers.store.leases import Lease
from workers.store.outcomes import Outcome, Reading

log = structlog.get_logger()

#: Calls a lane again after so many seconds.
Later = Callable[[float, Lane], None]


class FirstAttempts:
    """`again` calls this lane once more, `retry` the lane of retries beside it."""

    def __init__(self, serving: Serving, again: Later, retry: Later) -> None:
        self._serving = serving
        self._again = again
        self._retry = retry

    async def deliver_all(self, lane: Lane) -> None:
        """Until nothing is left, or somebody else is at it. Raises `redis.exceptions.RedisError`."""
        if self._serving.breakers.turns_away(lane):
            return
        lease = self._serving.leases.hold(lane.lease)
        try:
            while not self._serving.stopping and await self._deliver_some(lane, lease):
                pass
        finally:
            await self._serving.leases.release(lease)

    async def _deliver_some(self, lane: Lane, lease: Lease) -> bool:
        async with self._serving.breakers.passage(lane) as passage:
            return not passage.shut and await self._deliver_through(passage, lane, lease)

    async def _deliver_through(self, passage: Passage, lane: Lane, lease: Lease) -> bool:
        delivery = self._serving.delivery(lane, lease, passage)
        options = delivery.options
        reading = await lane.read(lease.token, most=max(options.batch, 50))
        if reading is None:
            return False
        if isinstance(reading, int):
            self._again(reading / 1000 - time.time(), lane)
            return False
        reading, dropped = await self._sifted(lane, lease, reading)
        if not reading.events:
            return False
        if options.collapse:
            outcome = put_off(delivery, options.collapse, reading, dropped)
        else:
            outcome = await settle(delivery, passage.alone_first(reading), dropped)
        left = await lane.commit(lease.token, reading.cursor, outcome)
        self._come_back(lane, outcome)
        go_on = not outcome.hold or (passage.burying and outcome.dead)
        return bool(go_on) and left > 0 and lease.alive

    async def _sifted(self, lane: Lane, lease: Lease, reading: Reading) -> Sifted:
        """A sink that asked hears which events are echoes of our own writes, or does not get them."""
        options, _ = self._serving.sinks[lane.sink]
        if options.own_writes == "deliver" or not reading.events:
            return Sifted(reading)
        return await self._serving.echoes.sift(
            options, lane.partition.tenant, reading, lambda: lease.alive and not self._serving.stopping
        )

    def _come_back(self, lane: Lane, outcome: Outcome) -> None:
        """At the time at which something is to be tried again."""
        for park in outcome.parked:
            # What only stands behind another event of its resource is due as soon as that one is through.
            self._retry(park.due_ms / 1000 - time.time() if park.error else 0.0, lane)
        if outcome.put_off:
            self._retry(max(w.due_ms for w in outcome.put_off) / 1000 - time.time(), lane)
        if outcome.hold:
            if not self._serving.breakers.is_open(lane.sink):
                log.warning("lane waits", lane=lane.lease, reason=outcome.hold.reason)
            self._again(outcome.hold.until_ms / 1000 - time.time(), lane)

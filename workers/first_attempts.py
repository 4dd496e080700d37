"""First attempts: the lane of one sink on one partition, from its cursor on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import structlog

from workers import clock
from workers.collapse import put_off
from workers.deliver import settle
from workers.echoes import Sifted
from workers.passage import Passage
from workers.serving import Serving
from workers.store.lanes import Lane
from workers.store.leases import Lease
from workers.store.outcomes import Outcome, Reading
from workers.strides import Strides

log = structlog.get_logger()

#: Calls a lane again after so many seconds.
Later = Callable[[float, Lane], None]


@dataclass(frozen=True)
class _Turn:
    """What a turn of a lane came to. `given_back`: the scripts have given the lease back, or it was never ours."""

    more: bool = False
    first: Reading | None = None
    given_back: bool = False


class FirstAttempts:
    """`again` calls this lane once more, `retry` the lane of retries beside it."""

    def __init__(self, serving: Serving, again: Later, retry: Later) -> None:
        self._serving = serving
        self._again = again
        self._retry = retry
        self.strides = Strides(serving.sinks)

    async def deliver_all(self, lane: Lane) -> None:
        """Until nothing is left, or somebody else is at it. Raises `redis.exceptions.RedisError`."""
        if not self._serving.breakers.turns_away(lane):
            await self.go_on(lane, self._serving.leases.hold(lane.lease))

    async def go_on(self, lane: Lane, lease: Lease, first: Reading | None = None) -> None:
        """As `deliver_all`, under this lease. `first`: what was read under it already."""
        turn = _Turn(more=True, first=first)
        try:
            while not self._serving.stopping and turn.more:
                turn = await self._deliver_some(lane, lease, turn.first)
        finally:
            if turn.given_back:
                self._serving.leases.forget(lease)
            else:
                await self._serving.leases.release(lease)

    async def _deliver_some(self, lane: Lane, lease: Lease, first: Reading | None) -> _Turn:
        async with self._serving.breakers.passage(lane) as passage:
            return _Turn() if passage.shut else await self._deliver_through(passage, lane, lease, first)

    async def _deliver_through(
        self, passage: Passage, lane: Lane, lease: Lease, first: Reading | None
    ) -> _Turn:
        reading = first or await lane.read(lease.token, most=self.strides.of(lane))
        if reading is None:
            return _Turn(given_back=True)
        if isinstance(reading, int):
            self._again(reading / 1000 - clock.now(), lane)
            return _Turn(given_back=True)
        if not reading.events:
            return _Turn(given_back=True)
        reading = self.strides.cut(lane, reading)
        wanted, dropped = await self._sifted(lane, lease, reading)
        if not wanted.events:
            return _Turn()
        outcome = await self._outcome(passage, lane, lease, wanted, dropped)
        self.strides.took(lane, reading, outcome)
        left, following = await self._commit(lane, lease, reading, outcome)
        self._come_back(lane, outcome)
        go_on = not outcome.hold or (passage.burying and outcome.dead)
        # Events may have come between the two scripts: whoever made them was told that this lane is at work.
        if go_on and (left > 0 or following) and lease.alive:
            return _Turn(more=True, first=following)
        return _Turn(given_back=following is None and (left == 0 or outcome.hold is not None))

    async def _outcome(
        self, passage: Passage, lane: Lane, lease: Lease, reading: Reading, dropped: Collection[int]
    ) -> Outcome:
        delivery = self._serving.delivery(lane, lease, passage)
        if collapse := delivery.options.collapse:
            return put_off(delivery, collapse, reading, dropped)
        return await settle(delivery, passage.alone_first(reading), dropped)

    async def _commit(
        self, lane: Lane, lease: Lease, reading: Reading, outcome: Outcome
    ) -> tuple[int, Reading | None]:
        """How much is left, and the next reading where there is likely one."""
        if len(reading.events) < self.strides.least(lane.sink):
            return await lane.commit(lease.token, reading.cursor, outcome, reading.events), None
        left, following = await lane.commit_and_read(
            lease.token, reading.cursor, outcome, reading.events, self.strides.of(lane)
        )
        return left, following if isinstance(following, Reading) and following.events else None

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
            self._retry(park.due_ms / 1000 - clock.now() if park.error else 0.0, lane)
        if outcome.put_off:
            self._retry(max(w.due_ms for w in outcome.put_off) / 1000 - clock.now(), lane)
        if outcome.hold:
            if not self._serving.breakers.is_open(lane.sink):
                log.warning("lane waits", lane=lane.lease, reason=outcome.hold.reason)
            self._again(outcome.hold.until_ms / 1000 - clock.now(), lane)

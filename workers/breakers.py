"""The breakers of all sinks of this process, and what follows when one closes: every lane of the sink goes at once."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from workers import clock
from workers.passage import Passage
from workers.probes import Probes
from workers.sink_breaker import Around, SinkBreaker
from workers.sinks.base import Sink, SinkOptions
from workers.store.breakers import BreakerStore
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.scripts import Scripts

#: Starts a lane: that of new events, or that of retries.
StartLane = Callable[[Partition, str], None]


class Breakers:
    """Methods that wait raise `redis.exceptions.RedisError`."""

    def __init__(
        self,
        scripts: Scripts,
        leases: Leases,
        sinks: Mapping[str, tuple[SinkOptions, Sink]],
        partitions: Sequence[Partition],
        dispatch: StartLane,
        retry: StartLane,
    ) -> None:
        self._redis: Redis = scripts.redis
        self._partitions = partitions
        self._dispatch, self._retry = dispatch, retry
        self._probes = Probes()
        around = Around(
            BreakerStore(scripts), leases, clock.now, random.random, self._recovered, self._start_all
        )
        self._puts_off = {name for name, (options, _) in sinks.items() if options.collapse}
        self._all = {name: SinkBreaker(name, *pair, around) for name, pair in sinks.items()}

    def of(self, sink: str) -> SinkBreaker:
        return self._all[sink]

    def is_open(self, sink: str) -> bool:
        """As far as this process knows."""
        return self._all[sink].is_open

    def turns_away(self, lane: Lane, *, retry: bool = False) -> bool:
        """Whether a lane need not begin; it is called again when the sink may be tried."""
        if self._idle(lane, retry=retry) or not self._all[lane.sink].turns_away():
            return False
        self._turned_away(lane, retry=retry)
        return True

    @asynccontextmanager
    async def passage(self, lane: Lane, *, retry: bool = False) -> AsyncIterator[Passage]:
        """One turn of a lane; when it is shut the lane is called again."""
        if self._idle(lane, retry=retry):
            yield Passage(self._all[lane.sink], idle=True)
            return
        async with self._all[lane.sink].passage(retry=retry) as passage:
            if passage.shut:
                self._turned_away(lane, retry=retry)
            yield passage

    def _idle(self, lane: Lane, *, retry: bool) -> bool:
        return not retry and lane.sink in self._puts_off

    def _turned_away(self, lane: Lane, *, retry: bool) -> None:
        start, name = (self._retry, lane.retrying) if retry else (self._dispatch, lane.lease)
        until = self._all[lane.sink].until_ms
        self._probes.turned_away(
            lane.sink, name, lambda: start(lane.partition, lane.sink), until, retry=retry
        )

    async def _recovered(self, sink: str) -> None:
        """Pauses of single lanes from before the breaker opened are over as well."""
        self._probes.forget(sink)
        pipe = self._redis.pipeline(transaction=False)
        for partition in self._partitions:
            pipe.delete(partition.of_sink("hold", sink))
        await pipe.execute()
        self._start_all(sink)

    def _start_all(self, sink: str) -> None:
        for partition in self._partitions:
            self._dispatch(partition, sink)
            self._retry(partition, sink)

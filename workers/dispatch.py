"""From the log to the sinks: one lane for each sink and partition, and beside it the lane of retries."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import structlog

from workers.deliver import Delivery, settle, settle_retry
from workers.sinks.base import Sink, SinkOptions
from workers.store.connect import UNAVAILABLE
from workers.store.keys import Partition
from workers.store.lanes import Lane, Waiting
from workers.store.leases import Lease, Leases
from workers.store.scripts import Scripts

log = structlog.get_logger()

_RETRIES_AT_ONCE = 4


class Dispatcher:
    """Runs lanes as tasks of this process. A lane that another process has is left to it: it sees new events itself."""

    def __init__(
        self, scripts: Scripts, leases: Leases, sinks: Mapping[str, tuple[SinkOptions, Sink]]
    ) -> None:
        self._scripts = scripts
        self._leases = leases
        self._sinks = sinks
        self._running: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._stopping = False

    def committed(self, partition: Partition) -> None:
        """New events are in a partition's log: every sink's lane gets going."""
        for sink in self._sinks:
            self.dispatch(partition, sink)

    def dispatch(self, partition: Partition, sink: str) -> None:
        lane = Lane(self._scripts, partition, sink)
        self._start(lane.lease, lambda: self._deliver_all(lane))

    def retry(self, partition: Partition, sink: str) -> None:
        lane = Lane(self._scripts, partition, sink)
        self._start(lane.retrying, lambda: self._retry_all(lane))

    async def stop(self) -> None:
        """Starts nothing new and waits for the batches under way; the caller sets the deadline."""
        self._stopping = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._stopping:
            return
        if name in self._running:
            self._again.add(name)
            return
        self._running[name] = asyncio.create_task(self._run(name, work))

    async def _run(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
            while name in self._again and not self._stopping:
                self._again.discard(name)
                await work()
        except UNAVAILABLE as error:
            log.warning("store unreachable, the lane is left to the sweep", lane=name, error=str(error))
        except Exception:
            log.exception("lane stopped by a defect, the sweep starts it again", lane=name)
        finally:
            self._running.pop(name, None)
            self._again.discard(name)

    async def _deliver_all(self, lane: Lane) -> None:
        lease = self._leases.hold(lane.lease)
        try:
            while not self._stopping and await self._deliver_some(lane, lease):
                pass
        finally:
            await self._leases.release(lease)

    async def _deliver_some(self, lane: Lane, lease: Lease) -> bool:
        options, sink = self._sinks[lane.sink]
        delivery = Delivery(options, sink, lease, time.time, random.random)
        reading = await lane.read(lease.token, most=max(options.batch, 50))
        if reading is None:
            return False
        if isinstance(reading, int):
            self._later(reading / 1000 - time.time(), lambda: self.dispatch(lane.partition, lane.sink))
            return False
        if not reading.events:
            return False
        outcome = await settle(delivery, reading)
        left = await lane.commit(lease.token, reading.cursor, outcome)
        for park in outcome.parked:
            if park.error:
                self._later(park.due_ms / 1000 - time.time(), lambda: self.retry(lane.partition, lane.sink))
        if outcome.hold:
            log.warning(
                "sink is away", sink=lane.sink, reason=outcome.hold.reason, attempts=outcome.hold.attempts
            )
            self._later(
                outcome.hold.until_ms / 1000 - time.time(), lambda: self.dispatch(lane.partition, lane.sink)
            )
            return False
        return left > 0 and lease.alive

    async def _retry_all(self, lane: Lane) -> None:
        lease = self._leases.hold(lane.retrying)
        try:
            while not self._stopping and (waiting := await lane.read_parked(lease.token)):
                limit = asyncio.Semaphore(_RETRIES_AT_ONCE)
                await asyncio.gather(*(self._retry(lane, lease, one, limit) for one in waiting))
                if not lease.alive:
                    return
        finally:
            await self._leases.release(lease)

    async def _retry(self, lane: Lane, lease: Lease, waiting: Waiting, limit: asyncio.Semaphore) -> None:
        options, sink = self._sinks[lane.sink]
        async with limit:
            retried = await settle_retry(Delivery(options, sink, lease, time.time, random.random), waiting)
            if retried is None:
                return
            await lane.commit_retry(retried)
        if retried.due_ms:
            self._later(retried.due_ms / 1000 - time.time(), lambda: self.retry(lane.partition, lane.sink))

    def _later(self, seconds: float, start: Callable[[], None]) -> None:
        # A convenience of this process: were it killed, the sweep would find the same work at the same time.
        asyncio.get_running_loop().call_later(max(0.0, seconds) + 0.01, start)

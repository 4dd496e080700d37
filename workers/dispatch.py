"""From the log to the sinks: one lane for each sink and partition, and beside it the lane of retries."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from workers.alarms import Alarms
from workers.breakers import Breakers
from workers.changes import TenantView
from workers.echoes import Echoes
from workers.first_attempts import FirstAttempts
from workers.openings import Opening, Openings
from workers.retries import Retries
from workers.serving import Serving
from workers.sink_breaker import SinkBreaker
from workers.sinks.base import Sink, SinkOptions
from workers.store.connect import UNAVAILABLE
from workers.store.echo import OwnWrites
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.outcomes import Reading
from workers.store.scripts import Scripts

log = structlog.get_logger()


class Dispatcher:
    """Runs lanes as tasks of this process. A lane that another process has is left to it: it sees new events itself."""

    def __init__(
        self,
        scripts: Scripts,
        leases: Leases,
        sinks: Mapping[str, tuple[SinkOptions, Sink]],
        views: Mapping[str, TenantView],
        partitions: Sequence[Partition] = (),
    ) -> None:
        self._scripts = scripts
        self._sinks = sinks
        self._breakers = Breakers(scripts, leases, sinks, partitions, self.dispatch, self.retry)
        self._serving = Serving(sinks, views, leases, self._breakers, Echoes(OwnWrites(scripts)))
        self._leases = leases
        self._first = FirstAttempts(self._serving, self._later_dispatch, self._later_retry)
        self._retries = Retries(self._serving, self._later_retry)
        self.alarms = Alarms()
        self._running: dict[str, asyncio.Future[None]] = {}
        self._again: set[str] = set()

    def breaker(self, sink: str) -> SinkBreaker:
        """Whoever sends to a sink beside the lanes goes through the same breaker."""
        return self._breakers.of(sink)

    def committed(self, partition: Partition) -> None:
        """New events are in a partition's log: every sink's lane gets going."""
        for sink in self._sinks:
            self.dispatch(partition, sink)

    def openings(self, partition: Partition) -> Openings:
        """The lanes that are idle here, to be opened together with a commit; `committed` for the others."""
        lanes = [Lane(self._scripts, partition, sink) for sink in self._sinks]
        busy = [lane for lane in lanes if self._serving.stopping or not self._idle(lane)]
        opened = [self._opening(lane) for lane in lanes if lane not in busy]

        def others() -> None:
            for lane in busy:
                self.dispatch(partition, lane.sink)

        return Openings(opened, self._begin, self._leave, others)

    def _idle(self, lane: Lane) -> bool:
        return lane.lease not in self._running and not self._breakers.is_open(lane.sink)

    def _opening(self, lane: Lane) -> Opening:
        lease = self._leases.hold(lane.lease)
        held = self._running[lane.lease] = asyncio.get_running_loop().create_future()
        return Opening(lane, lease, lane.read_call(lease.token, self._first.strides.of(lane)), held)

    def _begin(self, opening: Opening, reading: Reading) -> None:
        lane = opening.lane
        opening.held.set_result(None)
        work = self._first.go_on(lane, opening.lease, reading)
        self._running[lane.lease] = asyncio.create_task(
            self._run(lane.lease, lambda: self._first.deliver_all(lane), work)
        )

    def _leave(self, opening: Opening, again: bool) -> None:
        """Whoever called the lane meanwhile is heard now. Was a lease taken after all, it runs out."""
        lane = opening.lane
        self._leases.forget(opening.lease)
        del self._running[lane.lease]
        opening.held.set_result(None)
        if again or lane.lease in self._again:
            self._again.discard(lane.lease)
            self.dispatch(lane.partition, lane.sink)

    def dispatch(self, partition: Partition, sink: str) -> None:
        lane = Lane(self._scripts, partition, sink)
        self._start(lane.lease, lambda: self._first.deliver_all(lane))

    def retry(self, partition: Partition, sink: str) -> None:
        lane = Lane(self._scripts, partition, sink)
        self._start(lane.retrying, lambda: self._retries.retry_all(lane))

    async def stop(self) -> None:
        """Starts nothing new and waits for the batches under way; the caller sets the deadline."""
        self._serving.stopping = True
        self.alarms.stop()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def _start(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._serving.stopping:
            return
        if name in self._running:
            self._again.add(name)
            return
        self._running[name] = asyncio.create_task(self._run(name, work))

    async def _run(
        self,
        name: str,
        work: Callable[[], Coroutine[Any, Any, None]],
        first: Coroutine[Any, Any, None] | None = None,
    ) -> None:
        try:
            await (first or work())
            while name in self._again and not self._serving.stopping:
                self._again.discard(name)
                await work()
        except UNAVAILABLE as error:
            log.warning("store unreachable, the lane is left to the sweep", lane=name, error=str(error))
        except Exception:
            log.exception("lane stopped by a defect, the sweep starts it again", lane=name)
        finally:
            self._running.pop(name, None)
            self._again.discard(name)

    def _later_dispatch(self, seconds: float, lane: Lane) -> None:
        self.alarms.ring(lane.lease, seconds, lambda: self.dispatch(lane.partition, lane.sink))

    def _later_retry(self, seconds: float, lane: Lane) -> None:
        self.alarms.ring(lane.retrying, seconds, lambda: self.retry(lane.partition, lane.sink))

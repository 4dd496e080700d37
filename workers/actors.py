"""Where Dramatiq ends: thin actors. Nothing else knows that a wake-up came as a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import dramatiq
import structlog

from workers.bell import Bell
from workers.queue import BEFORE, BULK
from workers.runtime import Runtime
from workers.store.connect import UNAVAILABLE
from workers.store.keys import Partition

log = structlog.get_logger()

Job = Callable[..., Awaitable[None]]


def declare(broker: dramatiq.Broker, jobs: Jobs) -> None:
    """Makes the actors of this process. They run on the runtime's event loop; a failure is left to the sweep.

    Live jobs are called by the bell; their actors hear the release before.
    """
    bulk: list[Job] = [jobs.subscriptions, jobs.reconcile, jobs.repair, jobs.purge, jobs.replay]
    for queue, some in ((BEFORE, jobs.live.values()), (BULK, bulk)):
        for job in some:
            dramatiq.actor(actor_name=job.__name__, queue_name=queue, broker=broker)(_guarded(job))


class Jobs:
    """What the messages ask for. A message may be older than the configuration: then it asks for nothing."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.live: dict[str, Job] = {
            job.__name__: job for job in (self.ingest, self.delta, self.dispatch, self.retry)
        }

    def bell(self) -> Bell:
        """What calls the live jobs. Made inside the event loop on which they work."""
        return Bell(self._runtime.store.redis, {name: _guarded(job) for name, job in self.live.items()})

    async def ingest(self, tenant: str, partition: int) -> None:
        if self._runtime.knows(tenant):
            await self._runtime.ingest.drain(Partition(tenant, partition))

    async def delta(self, tenant: str, collection: str) -> None:
        if self._runtime.knows(tenant, collection):
            await self._runtime.deltas.pull(tenant, collection)

    async def dispatch(self, tenant: str, partition: int, sink: str) -> None:
        if self._runtime.knows(tenant) and sink in self._runtime.sinks:
            self._runtime.dispatcher.dispatch(Partition(tenant, partition), sink)

    async def retry(self, tenant: str, partition: int, sink: str) -> None:
        if self._runtime.knows(tenant) and sink in self._runtime.sinks:
            self._runtime.dispatcher.retry(Partition(tenant, partition), sink)

    async def replay(self, tenant: str, partition: int, sink: str) -> None:
        if self._runtime.knows(tenant) and sink in self._runtime.sinks:
            self._runtime.replaying.start(Partition(tenant, partition), sink)

    async def subscriptions(self, tenant: str, again: bool) -> None:
        if self._runtime.knows(tenant):
            await self._runtime.subscriptions.check(tenant, again=again)

    async def reconcile(self, tenant: str, collection: str) -> None:
        if self._runtime.knows(tenant, collection):
            await self._runtime.reconciler.run_due(tenant, collection)

    async def repair(self, tenant: str) -> None:
        if self._runtime.knows(tenant):
            await self._runtime.unconfigured.settle(tenant)
            await self._runtime.after_restore(tenant)
            await self._runtime.first_loads(tenant)
            await self._runtime.repairs.run(tenant, partial(self._runtime.knows, tenant))

    async def purge(self, tenant: str) -> None:
        if self._runtime.knows(tenant):
            await self._runtime.purge.tenant(tenant)


def _guarded(job: Job) -> Job:
    """A job whose failure is logged and ends there: its work lies in the store, and the sweep comes again."""
    name = job.__name__

    async def run(*args: Any) -> None:
        try:
            await job(*args)
        except UNAVAILABLE as error:
            log.warning("store unreachable, the sweep will try again", job=name, about=args, error=str(error))
        except Exception:
            log.exception("job failed, the sweep will try again", job=name, about=args)

    return run

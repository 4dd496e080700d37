"""Where Dramatiq ends: thin actors. Nothing else knows that a wake-up came as a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import dramatiq
import structlog

from workers.queue import BULK, LIVE
from workers.runtime import Runtime
from workers.store.connect import UNAVAILABLE
from workers.store.keys import Partition

log = structlog.get_logger()


def declare(broker: dramatiq.Broker, runtime: Runtime) -> None:
    """Makes the actors of this process. They run on the runtime's event loop; a failure is left to the sweep."""

    async def ingest(tenant: str, partition: int) -> None:
        if runtime.knows(tenant):
            await runtime.ingest.drain(Partition(tenant, partition))

    async def delta(tenant: str, collection: str) -> None:
        if runtime.knows(tenant, collection):
            await runtime.deltas.pull(tenant, collection)

    async def dispatch(tenant: str, partition: int, sink: str) -> None:
        if runtime.knows(tenant) and sink in runtime.sinks:
            runtime.dispatcher.dispatch(Partition(tenant, partition), sink)

    async def retry(tenant: str, partition: int, sink: str) -> None:
        if runtime.knows(tenant) and sink in runtime.sinks:
            runtime.dispatcher.retry(Partition(tenant, partition), sink)

    async def subscriptions(tenant: str) -> None:
        if runtime.knows(tenant):
            await runtime.subscriptions.check(tenant)

    async def purge(tenant: str) -> None:
        if runtime.knows(tenant):
            await runtime.purge.tenant(tenant)

    live: list[Callable[..., Awaitable[None]]] = [ingest, delta, dispatch, retry]
    bulk: list[Callable[..., Awaitable[None]]] = [subscriptions, purge]
    for queue, jobs in ((LIVE, live), (BULK, bulk)):
        for job in jobs:
            dramatiq.actor(actor_name=job.__name__, queue_name=queue, broker=broker)(_guarded(job))


def _guarded(job: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """A job whose failure is logged and ends there: its work lies in the store, and the sweep comes again."""

    async def run(*args: Any) -> None:
        try:
            await job(*args)
        except UNAVAILABLE as error:
            log.warning("store unreachable, the sweep will try again", job=job.__name__, about=args, error=str(error))
        except Exception:
            log.exception("job failed, the sweep will try again", job=job.__name__, about=args)

    return run

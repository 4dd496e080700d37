"""The sinks of a configuration make themselves known to the store, and the operator hears what this leaves behind."""

from __future__ import annotations

from collections.abc import Collection

import structlog

from workers.store import Store
from workers.store.former_sinks import what_waits
from workers.store.lanes import Lane

log = structlog.get_logger()


async def register(store: Store, tenant: str, sinks: Collection[str]) -> None:
    """Before anything is processed. Raises `redis.exceptions.RedisError`."""
    partitions = store.inbox.all(tenant)
    for sink in sinks:
        missed = sum([await Lane(store.scripts, p, sink).register() for p in partitions])
        if missed:
            log.warning(
                "a sink came back and has missed events that the log does not hold any more",
                tenant=tenant,
                sink=sink,
                missed=missed,
                to_do="load what it lacks from where it lies now, for example with `shiftwire assignments list`",
            )
    for sink, waiting in (await what_waits(store.redis, partitions, sinks)).items():
        log.warning(
            "events wait for a sink that is not configured",
            tenant=tenant,
            sink=sink,
            parked=waiting.parked,
            behind=waiting.behind,
            to_do="a sink that was renamed begins at the end of the log: give it this name back to deliver them",
        )

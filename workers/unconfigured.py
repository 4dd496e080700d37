"""Notifications that wait for a collection that is not configured any more: nobody would ever pull its delta.

They come while a web process still runs with the configuration before, or by a webhook that is being retired. In a rolling
deployment they may be of a collection that other workers know already: so they are given time.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from workers import clock
from workers.decisions import TenantIngest, reject
from workers.store.gate import Gate
from workers.store.inbox import Entry, Inbox
from workers.store.keys import Partition

log = structlog.get_logger()

#: For so long a worker that knows the collection may still come.
PATIENCE_SECONDS = 600.0
REASON = "not configured"
#: What is dated further ahead than this was dated before the store's clock was set back.
_SKEW_SECONDS = 2.0


class Unconfigured:
    def __init__(
        self,
        inbox: Inbox,
        gate: Gate,
        tenants: Mapping[str, TenantIngest],
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self._inbox = inbox
        self._gate = gate
        self._tenants = tenants
        self._patience = patience_seconds

    async def settle(self, tenant: str) -> None:
        """Rejects what has waited long enough: it is in the dead letters then. Raises `redis.exceptions.RedisError`."""
        for partition in self._inbox.all(tenant):
            for collection in await self._inbox.unconfigured(partition):
                while await self._some(partition, collection):
                    pass

    async def _some(self, partition: Partition, collection: str) -> int:
        entries = [e for e in await self._inbox.waiting(partition, collection) if self._is_over(e)]
        decisions = [reject(self._tenants[partition.tenant], entry, REASON) for entry in entries]
        if not decisions:
            return 0
        passed = await self._gate.pass_through(partition, decisions)
        log.warning(
            "notifications of a collection that is not configured are dead letters now",
            partition=str(partition),
            collection=collection,
            n=passed.rejected,
            to_do="configure the collection again and retry them, or purge them",
        )
        return passed.rejected

    def _is_over(self, entry: Entry) -> bool:
        return not -_SKEW_SECONDS <= clock.now() - entry.arrived_ms / 1000 < self._patience

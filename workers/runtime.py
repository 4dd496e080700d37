"""The parts of a worker, put together: what `workers.main` starts and the actors use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

import structlog
from redis.asyncio import Redis

from workers.clients import Clients
from workers.config import Config
from workers.deltas import Deltas
from workers.dispatch import Dispatcher
from workers.ingest import Ingest, TenantIngest
from workers.queue import Wake
from workers.reconcile import Reconciler, Reconciliation, reconcile_days
from workers.sinks import REGISTRY
from workers.sinks.base import Sink, SinkOptions
from workers.store import Store
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.purge import Purge
from workers.store.state import States
from workers.subscriptions import SubscriptionKeeper
from workers.views import tenant_view

log = structlog.get_logger()


class Runtime:
    """Made inside the event loop on which it works."""

    def __init__(self, config: Config, redis: Redis, wake: Wake) -> None:
        self._config = config
        self._wake = wake
        self.store = Store(config, redis)
        scripts, inbox = self.store.scripts, self.store.inbox
        self._leases = Leases(scripts)
        self._clients = Clients(config, self.store)
        self.sinks: dict[str, tuple[SinkOptions, Sink]] = {
            name: (options, REGISTRY[options.type].create(name, options))
            for name, options in config.sinks.items()
        }
        self.dispatcher = Dispatcher(scripts, self._leases, self.sinks)
        self.ingest = Ingest(
            inbox,
            self.store.gate,
            self._leases,
            {name: _ingest_view(config, name) for name in config.tenants},
            self._clients.fetch,
            self.dispatcher.committed,
        )
        self.deltas = Deltas(
            scripts,
            inbox,
            self._leases,
            self.store.deltas,
            {name: self._clients.reading(name) for name in config.tenants},
            self._wake_all,
        )
        self.subscriptions = SubscriptionKeeper(
            config, self.store.subscriptions, self._leases, self._clients.of, self._wake_delta
        )
        self.reconciler = self._reconciler(redis)
        self.purge = Purge(redis, inbox, _kept_days(config), config.sinks)
        self._tasks: set[asyncio.Task[None]] = set()

    def _reconciler(self, redis: Redis) -> Reconciler:
        inbox = self.store.inbox
        reconciliation = Reconciliation(inbox, States(redis, inbox), self._wake_all)
        days = partial(reconcile_days, self._config)
        return Reconciler(reconciliation, self._leases, self._clients.reading, days)

    def knows(self, tenant: str, collection: str | None = None) -> bool:
        """A message may be older than the configuration."""
        known = self._config.tenants.get(tenant)
        return known is not None and (collection is None or collection in known.collections)

    async def start(self) -> None:
        """Registers the sinks before anything is processed, and keeps the leases."""
        for tenant in self._config.tenants:
            for partition in self.store.inbox.all(tenant):
                for sink in self.sinks:
                    await Lane(self.store.scripts, partition, sink).register()
        self._tasks.add(asyncio.create_task(self._leases.keep()))

    async def stop(self, seconds: float) -> None:
        """Lets batches under way end, for at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.dispatcher.stop()
        except TimeoutError:
            log.warning("deliveries under way were cut off; they will be repeated", seconds=seconds)
        self._leases.stop()
        for task in self._tasks:
            task.cancel()
        for _, sink in self.sinks.values():
            await sink.close()
        await self._clients.close()
        await self.store.redis.aclose()

    def _wake_all(self, partitions: Iterable[Partition]) -> None:
        """Drains here and now: the job that appended knows best where there is work. A kill leaves it to the sweep."""
        for partition in partitions:
            self._spawn(partition)

    def _spawn(self, partition: Partition) -> None:
        task = asyncio.create_task(self._drain(partition))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain(self, partition: Partition) -> None:
        try:
            await self.ingest.drain(partition)
        except Exception:
            log.exception("drain failed, the sweep will try again", partition=str(partition))

    def _wake_delta(self, tenant: str, collection: str) -> None:
        asyncio.get_running_loop().run_in_executor(None, self._wake.delta, tenant, collection)


def _kept_days(config: Config) -> dict[str, int]:
    kept = config.retention
    return {
        "events": kept.events_days,
        "journal": kept.raw_days,
        "dead": kept.dead_letters_days,
        "deliveries": kept.events_days,
    }


def _ingest_view(config: Config, name: str) -> TenantIngest:
    tenant = config.tenants[name]
    fetch = {collection: settings.fetch for collection, settings in tenant.collections.items()}
    return TenantIngest(name, tenant_view(tenant), fetch)

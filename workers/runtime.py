"""The parts of a worker, put together: what `workers.main` starts and the actors use."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import partial

import structlog
from redis.asyncio import Redis

from workers import clock
from workers.clients import Clients
from workers.config import Config
from workers.decisions import TenantIngest
from workers.deltas import Deltas
from workers.dispatch import Dispatcher
from workers.echoes import Echoes
from workers.first_loads import Behind, Straight
from workers.ingest import Ingest
from workers.queue import Wake
from workers.reconcile import Reconciliation
from workers.reconciler import Reconciler, schedule_of
from workers.registering import register
from workers.repairs import Repairs
from workers.replay.replaying import Replaying
from workers.room import Paced, Room
from workers.sinks import REGISTRY
from workers.sinks.base import Sink, SinkOptions
from workers.store import Store
from workers.store.connect import UNAVAILABLE
from workers.store.echo import OwnWrites
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.progress import ProgressStore
from workers.store.pulse import Pulse
from workers.store.purge import Purge
from workers.store.state import States
from workers.store.vault import CannotOpen
from workers.subscribed import Subscribed
from workers.subscriptions import WEBHOOKS, SubscriptionKeeper
from workers.sync import Sync
from workers.unconfigured import Unconfigured
from workers.views import tenant_view

log = structlog.get_logger()

#: A sink may take so long to say goodbye; a broker's connection has three seconds for it.
_CLOSE_SECONDS = 4.0


class Runtime:
    """Made inside the event loop on which it works."""

    def __init__(self, config: Config, redis: Redis, wake: Wake) -> None:
        self._config = config
        self.store = Store(config, redis, share=True)
        self._leases = Leases(self.store.scripts)
        self._clients = Clients(config, self.store)
        self.sinks: dict[str, tuple[SinkOptions, Sink]] = {
            name: (options, REGISTRY[options.type].create(name, options))
            for name, options in config.sinks.items()
        }
        self.dispatcher = self._dispatcher()
        self.replaying = self._replaying()
        self._views = {name: _ingest_view(config, name) for name in config.tenants}
        self.ingest = self._ingest()
        self._way = self._first_loads()
        self.deltas = self._deltas()
        self.subscriptions = self._keeper(wake)
        self.reconciler = self._reconciler(redis)
        self.repairs = self._repairs()
        self.unconfigured = Unconfigured(self.store.inbox, self.store.gate, self._views)
        self.purge = Purge(redis, self.store.inbox, _kept_days(config), config.sinks)
        self._pulse = Pulse(self.store.scripts)
        self._follower = clock.Follower(redis, UNAVAILABLE)
        self._tasks: set[asyncio.Task[None]] = set()

    def _dispatcher(self) -> Dispatcher:
        tenants = self._config.tenants.items()
        views = {name: tenant_view(tenant, self._config.secret_key) for name, tenant in tenants}
        partitions = [partition for name, _ in tenants for partition in self.store.inbox.all(name)]
        return Dispatcher(self.store.scripts, self._leases, self.sinks, views, partitions)

    def _replaying(self) -> Replaying:
        return Replaying(
            self.store.scripts,
            self._leases,
            self._config.sinks,
            self.dispatcher.breaker,
            Echoes(OwnWrites(self.store.scripts)),
            self.dispatcher.dispatch,
        )

    def _ingest(self) -> Ingest:
        return Ingest(
            self.store.inbox,
            self.store.gate,
            self._leases,
            self._views,
            self._clients.fetch,
            self.dispatcher.committed,
            openings=self.dispatcher.openings,
        )

    def _first_loads(self) -> Paced:
        store, behind = self.store, Behind(self.store.inbox, self._wake_all)
        way = Straight(store.scripts, store.inbox, self._views, self.dispatcher.committed, behind)
        return Paced(way, Room(store.scripts, store.inbox, self.sinks))

    def _deltas(self) -> Deltas:
        return Deltas(
            self.store.scripts,
            self.store.inbox,
            self._leases,
            self.store.deltas,
            self.store.owed,
            self._clients.refusals,
            {name: self._clients.reading(name) for name in self._config.tenants},
            self._wake_all,
            self._way,
        )

    def _keeper(self, wake: Wake) -> SubscriptionKeeper:
        return SubscriptionKeeper(
            self._config,
            self.store.subscriptions,
            self._leases,
            self._clients.refusals,
            self._clients.of,
            Subscribed(self.store.owed, self._clients.reading, wake).created,
        )

    def _reconciler(self, redis: Redis) -> Reconciler:
        inbox = self.store.inbox
        reconciliation = Reconciliation(inbox, States(redis, inbox), self._wake_all)
        return Reconciler(
            reconciliation,
            self._leases,
            self._clients.refusals,
            self._clients.reading,
            partial(schedule_of, self._config),
            ProgressStore(self.store.scripts),
        )

    def _repairs(self) -> Repairs:
        sync = Sync(self._way, self._leases, ProgressStore(self.store.scripts))
        return Repairs(
            self.store.owed,
            self.store.deltas,
            self.store.inbox,
            sync,
            self.reconciler,
            self._clients.refusals,
            self._clients.reading,
        )

    def knows(self, tenant: str, collection: str | None = None) -> bool:
        """A message may be older than the configuration."""
        known = self._config.tenants.get(tenant)
        return known is not None and (collection is None or collection in known.collections)

    async def start(self) -> None:
        """Registers the sinks before anything is processed, and keeps the leases and the time."""
        await clock.follow(self.store.redis)
        self._tasks.add(asyncio.create_task(self._follower.keep()))
        for tenant in self._config.tenants:
            await register(self.store, tenant, self.sinks)
        self._tasks.add(asyncio.create_task(self._leases.keep()))
        for name in self._config.tenants:
            await self.first_loads(name)

    async def after_restore(self, tenant: str) -> None:
        await self.repairs.after_restore(tenant, self._config.tenants[tenant].collections, self._pulse)

    async def first_loads(self, tenant: str) -> None:
        """Notes the loads that nobody has noted yet, where nothing is to be waited for."""
        collections = await self.repairs.never_loaded(tenant, self._config.tenants[tenant].collections)
        if collections:
            await self.repairs.first_loads(tenant, await self._listening(tenant, collections))

    async def _listening(self, tenant: str, collections: list[str]) -> list[str]:
        """Those whose webhook is made already: a load before it would have to be repeated behind it.

        And those that get none, since Protime refuses it: their load is all that is known of them.
        """
        if not self._config.subscriptions.manage:
            return collections
        try:
            made = {s.collection for s in await self.store.subscriptions.all(tenant)}
        except CannotOpen:
            return collections
        refused = set(await self.store.stops.all(tenant))
        return [c for c in collections if c in made or c in refused or WEBHOOKS in refused]

    async def stop(self, seconds: float) -> None:
        """Lets batches under way end, for at most so long."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(self.dispatcher.stop(), self.replaying.stop())
        except TimeoutError:
            log.warning("deliveries under way were cut off; they will be repeated", seconds=seconds)
        self._leases.stop()
        self._follower.stop()
        for task in self._tasks:
            task.cancel()
        await close_all({name: sink for name, (_, sink) in self.sinks.items()})
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
        except UNAVAILABLE as error:
            log.warning(
                "store unreachable, the sweep will try again", partition=str(partition), error=str(error)
            )
        except Exception:
            log.exception("drain failed, the sweep will try again", partition=str(partition))


async def close_all(sinks: Mapping[str, Sink], seconds: float = _CLOSE_SECONDS) -> None:
    """Side by side: one that hangs or fails keeps no other from its goodbye, nor the process from its end."""
    tasks = {name: asyncio.create_task(sink.close()) for name, sink in sinks.items()}
    if not tasks:
        return
    await asyncio.wait(tasks.values(), timeout=seconds)
    for name, task in tasks.items():
        if not task.done():
            task.cancel()
            log.warning("a sink did not close in time", sink=name, seconds=seconds)
        elif not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a sink failed to close", sink=name, error=type(error).__name__)


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
    return TenantIngest(name, tenant_view(tenant, config.secret_key), fetch)

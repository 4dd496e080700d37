"""The composition root of the web process."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache

import structlog
import uvicorn
from prometheus_client.core import Metric
from starlette.applications import Starlette

from service import health
from service.accept import Acceptor
from service.admin_replay import AdminReplay
from service.app import Members, create_app
from service.connection import Connection
from service.event_stream import EventStreams
from service.events_api import EventsApi
from service.listening import taken
from service.metrics import Metrics
from service.receivers import Receivers
from service.room import Room
from service.server import Server, allow_many_connections
from service.tokens import Access
from service.webhooks import Webhooks
from workers.config import Config
from workers.queue import live_message
from workers.replay.metrics import replay_families
from workers.store import Store
from workers.store.connect import check, connect
from workers.store.keys import Partition
from workers.store.log_watch import LogWatch
from workers.store.partition_count import claim

log = structlog.get_logger()

DRAIN_SECONDS = 20
#: A store that hangs must cost a sender less than the ten seconds it waits, with one repetition and one commit before.
_STORE_SECONDS = 2.0
#: So many connections are for those who read the log: however many they are, the receiver has its own.
_READER_CONNECTIONS = 8
#: One for the figures, one for readiness: each is read once at a time.
_PROBE_CONNECTIONS = 2
_WATCH_SECONDS = 5.0


def build(config: Config, url: str) -> Starlette:
    """The web application on the store at `url`. Opens connections when it is started."""
    redis = connect(url, timeout=_STORE_SECONDS)
    store, metrics = Store(config, redis), Metrics()
    receivers = Receivers(config, store.subscriptions)
    acceptor = Acceptor(store.inbox, store.scripts, ringing(config))
    reader, prober = Reader(config, url), Prober(config, url)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(receivers.keep_fresh()), asyncio.create_task(reader.watch.keep())]
        try:
            yield
        finally:
            for task in tasks:
                await _end(task)
            await acceptor.close()
            await reader.close()
            await prober.close()
            await redis.aclose()

    return create_app(
        webhooks=Webhooks(
            receivers, acceptor, metrics, max_body_bytes=config.server.max_body_bytes, room=_room(config)
        ),
        readyz=health.readyz(prober.ping),
        metrics=health.metrics(metrics.registry, prober.figures),
        members=Members(
            Access(config.admin_tokens),
            EventsApi(reader.store, config.tenants, config.sinks),
            EventStreams(reader.store, reader.watch),
            AdminReplay(config, reader.store),
        ),
        lifespan=lifespan,
    )


def _room(config: Config) -> Room:
    """Two of the largest bodies fit into three quarters of it, whatever is set: otherwise one that is allowed could never come."""
    return Room(max(config.server.max_bodies_bytes, 3 * config.server.max_body_bytes))


async def _end(task: asyncio.Task[None]) -> None:
    """Ends it for certain: while redis-py connects, it swallows a cancellation now and then."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=0.02)


class Reader:
    """The store as those who read the log see it: by connections of their own."""

    def __init__(self, config: Config, url: str) -> None:
        self._redis = connect(url, connections=_READER_CONNECTIONS)
        self._waiting = connect(url, timeout=_WATCH_SECONDS, connections=1)
        self.store = Store(config, self._redis)
        self.watch = LogWatch(self.store.pages, self._waiting)

    async def close(self) -> None:
        await self._waiting.aclose()
        await self._redis.aclose()


class Prober:
    """The store as orchestrators and Prometheus see it: what they ask takes no connection from the receiver."""

    def __init__(self, config: Config, url: str) -> None:
        self._config = config
        self._redis = connect(url, timeout=_STORE_SECONDS, connections=_PROBE_CONNECTIONS)
        self._store = Store(config, self._redis)

    async def ping(self) -> object:
        return await self._redis.ping()

    async def figures(self) -> list[Metric]:
        """What the store tells Prometheus."""
        store, config = self._store, self._config
        replays = await replay_families(store.replays, store.inbox, config.tenants, list(config.sinks))
        return [*await store.overview.metrics(), *replays]

    async def close(self) -> None:
        await self._redis.aclose()


def ringing(config: Config) -> Callable[[Partition, str], bytes]:
    """The wake-up for a notification of a collection: drain the partition, or pull the collection's delta."""
    delta = {
        (tenant, collection)
        for tenant, t in config.tenants.items()
        for collection, settings in t.collections.items()
        if settings.fetch == "delta"
    }

    @cache
    def message(partition: Partition, collection: str) -> bytes:
        if (partition.tenant, collection) in delta:
            return live_message("delta", partition.tenant, collection)
        return live_message("ingest", partition.tenant, partition.number)

    return message


def serve(config: Config, url: str) -> None:
    """Serves until SIGTERM or SIGINT; requests under way are finished within the deadline.

    Raises `CannotListen`, `StoreUnreachable` and `UnsafeStore`, before anybody is served.
    """
    # uvicorn finishes what is under way and then raises the signal again: that is an orderly end, not a death.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    sockets = taken(config.server.host, config.server.port)
    asyncio.run(check(url, allow_volatile=config.store.allow_volatile))
    asyncio.run(claim(config, url))
    allow_many_connections()
    settings = uvicorn.Config(
        build(config, url),
        host=config.server.host,
        port=config.server.port,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = Server(settings)
    with suppress(KeyboardInterrupt):
        server.run(sockets)
    if not server.started:
        sys.exit(1)  # it could not begin, and has said why

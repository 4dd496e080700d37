"""Leaving our own writes in the store, for sinks that want to know or to be spared their echoes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.cli.context import store_url
from service.cli.logs import configure
from workers.config import Config
from workers.protime import WriteObserver
from workers.store.connect import connect
from workers.store.echo import WriteRegister
from workers.store.scripts import Scripts


@asynccontextmanager
async def registering(config: Config, tenant: str) -> AsyncIterator[WriteObserver | None]:
    """What hears of the writes of a command; None, and no look at the store, when no sink asks.

    Raises `redis.exceptions.RedisError` when a sink asks and the store does not answer.
    """
    if all(sink.own_writes == "deliver" for sink in config.sinks.values()):
        yield None
        return
    configure("WARNING")  # to standard error: what a command prints is its result
    redis = connect(store_url(config))
    try:
        await redis.ping()
        yield WriteRegister(Scripts(redis), tenant, config.retention.own_writes_hours)
    finally:
        await redis.aclose()

"""What commands share: the configuration they were pointed at, and the store it means."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import structlog
import typer
from redis.exceptions import ConnectionError as HungUp

from service.cli.logs import configure
from service.cli.options import DEFAULT_CONFIG
from workers.config import Config, cautions, load, masked
from workers.store import Store
from workers.store.connect import StoreUnreachable, connect
from workers.store.embedded import url_of
from workers.store.partition_count import compare

log = structlog.get_logger()

T = TypeVar("T")


def configuration(context: typer.Context, path: Path | None) -> tuple[Config, Path]:
    """The configuration named after or before the command, else by the environment. Raises `ConfigError`."""
    chosen = path or next(_named_before(context), None) or DEFAULT_CONFIG
    return load(Path(chosen), os.environ), Path(chosen)


def _named_before(context: typer.Context) -> Iterator[Path]:
    above: Any = context
    while above is not None:
        if above.params.get("config"):
            yield above.params["config"]
        above = above.parent


def store_url(config: Config) -> str:
    """Where the store is: as configured, or the socket of the embedded Redis that `shiftwire run` keeps."""
    return config.store.url or url_of(Path(config.store.data_dir))


@contextmanager
def embedded_asked_for(config: Config) -> Iterator[None]:
    """Says what a missing embedded Redis means: a socket that is not there tells nobody what to do."""
    try:
        yield
    except (StoreUnreachable, HungUp):
        if config.store.url:
            raise
        raise StoreUnreachable(
            f"the embedded Redis in {config.store.data_dir} does not answer: does `shiftwire run` run in this folder? "
            "It brings that Redis; another one is named by store.url"
        ) from None


def log_configuration(config: Config) -> None:
    log.info("configuration", **masked(config))


def log_cautions(config: Config) -> None:
    for found in cautions(config, datetime.now(UTC)):
        log.warning("configuration", warning=found)


def with_store(config: Config, work: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine on a store that is closed afterwards. Raises the errors of the store."""
    configure("WARNING")  # to standard error: what a command prints is its result

    async def run() -> T:
        redis = connect(store_url(config), connections=8)
        try:
            await redis.ping()
            await compare(config, redis)
            return await work(Store(config, redis))
        finally:
            await redis.aclose()

    with embedded_asked_for(config):
        return asyncio.run(run())

"""What commands share: the configuration they were pointed at, and the store it means."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import structlog
import typer

from workers.config import Config, load, masked
from workers.store import Store
from workers.store.connect import connect
from workers.store.embedded import url_of

log = structlog.get_logger()

T = TypeVar("T")

DEFAULT_CONFIG = "shiftwire.yaml"

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", help="The configuration file.", envvar="SHIFTWIRE_CONFIG", show_default=DEFAULT_CONFIG
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def configuration(context: typer.Context, path: Path | None) -> tuple[Config, Path]:
    """The configuration named before or after the command. Raises `ConfigError`."""
    chosen = path or context.find_root().params.get("config") or Path(DEFAULT_CONFIG)
    return load(Path(chosen), os.environ), Path(chosen)


def store_url(config: Config) -> str:
    """Where the store is: as configured, or the socket of the embedded Redis that `shiftwire run` keeps."""
    return config.store.url or url_of(Path(config.store.data_dir))


def log_configuration(config: Config) -> None:
    log.info("configuration", **masked(config))


def with_store(config: Config, work: Callable[[Store], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine on a store that is closed afterwards. Raises the errors of the store."""

    async def run() -> T:
        redis = connect(store_url(config), connections=8)
        try:
            await redis.ping()
            return await work(Store(config, redis))
        finally:
            await redis.aclose()

    return asyncio.run(run())

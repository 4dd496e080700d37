"""`run`, `serve`, `work`, `schedule`: the processes of an installation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from service.cli.context import (
    configuration,
    embedded_asked_for,
    log_cautions,
    log_configuration,
    store_url,
)
from service.cli.logs import configure
from service.cli.options import ConfigOption
from service.cli.processes import Child, Family, shiftwire
from service.listening import CannotListen, refuse_taken
from workers.config import Config
from workers.store.connect import StoreUnreachable
from workers.store.connect import check as check_store
from workers.store.partition_count import claim

MetricsPort = Annotated[
    int, typer.Option(min=0, max=65535, help="Serve /livez, /readyz and /metrics here; 0: do not.")
]


def run(
    context: typer.Context,
    config: ConfigOption = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="How many worker processes.")] = 1,
) -> None:
    """Everything in one go, for a small installation.

    Service, workers and scheduler, and an embedded Redis when store.url is empty. What dies is started again, unless
    the configuration is why: then everything ends with exit code 78, or 1 for a port that is taken.
    """
    loaded, path = _started(context, config)
    _refuse(loaded)
    names = [*["work"] * workers, "schedule"]
    children = [Child(name, shiftwire(name, "--config", str(path))) for name in names]
    web = Child("serve", shiftwire("serve", "--config", str(path)), blocked=lambda: _is_taken(loaded))
    family = Family([web, *children], None if loaded.store.url else Path(loaded.store.data_dir))
    if code := family.run():
        raise typer.Exit(code)


def _refuse(config: Config) -> None:
    """Says once what each process would say, before any is started. A store that is away may come yet."""
    refuse_taken(config.server.host, config.server.port)
    if config.store.url:
        with suppress(StoreUnreachable):
            asyncio.run(check_store(config.store.url, allow_volatile=config.store.allow_volatile))
            asyncio.run(claim(config, config.store.url))


def _is_taken(config: Config) -> bool:
    try:
        refuse_taken(config.server.host, config.server.port)
    except CannotListen:
        return True
    return False


def serve(context: typer.Context, config: ConfigOption = None) -> None:
    """The web process: receives webhooks."""
    from service.main import serve as serve_  # noqa: PLC0415  # each process imports only what it runs

    loaded, _ = _started(context, config)
    with embedded_asked_for(loaded):
        serve_(loaded, store_url(loaded))


def work(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """A worker process: fetches, decides, delivers."""
    from service.probes import probes  # noqa: PLC0415
    from workers.main import work as work_  # noqa: PLC0415

    loaded, _ = _started(context, config)
    with probes(metrics_port, store_url(loaded)), embedded_asked_for(loaded):
        work_(loaded, store_url(loaded))


def schedule(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """The scheduler: finds what is due, and wakes workers.

    It polls deltas, checks subscriptions and finds forgotten work; a second one does no harm.
    """
    from service.probes import probes  # noqa: PLC0415
    from workers.main import schedule as schedule_  # noqa: PLC0415

    loaded, _ = _started(context, config)
    log_cautions(loaded)  # here, since every installation has one of these, and `run` starts it too
    with probes(metrics_port, store_url(loaded)), embedded_asked_for(loaded):
        schedule_(loaded, store_url(loaded))


def _started(context: typer.Context, path: Path | None) -> tuple[Config, Path]:
    """The configuration, as it is in effect, is the first thing in the log of every process."""
    configure()
    loaded, found = configuration(context, path)
    log_configuration(loaded)
    return loaded, found

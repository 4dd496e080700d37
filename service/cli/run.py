"""`run`, `serve`, `work`, `schedule`: the processes of an installation."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from service.cli.context import configuration, log_configuration, log_old_days, store_url
from service.cli.logs import configure
from service.cli.options import ConfigOption
from service.cli.processes import Child, Family, shiftwire
from workers.config import Config
from workers.store.connect import StoreUnreachable
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

    Service, workers and scheduler, and an embedded Redis when store.url is empty. What dies is started again.
    """
    configure()
    loaded, path = configuration(context, config)
    log_configuration(loaded)
    names = ["serve", *["work"] * workers, "schedule"]
    children = [Child(name, shiftwire(name, "--config", str(path))) for name in names]
    own = None if loaded.store.url else Path(loaded.store.data_dir)
    Family(children, own, partial(_claim, loaded)).run()


def _claim(config: Config) -> None:
    """Ends `run` itself: its children would be started again and again, to refuse each time."""
    with suppress(StoreUnreachable):  # they wait for a store that is away
        asyncio.run(claim(config, store_url(config)))


def serve(context: typer.Context, config: ConfigOption = None) -> None:
    """The web process: receives webhooks."""
    from service.main import serve as serve_  # noqa: PLC0415  # each process imports only what it runs

    configure()
    loaded, _ = configuration(context, config)
    serve_(loaded, store_url(loaded))


def work(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """A worker process: fetches, decides, delivers."""
    from service.probes import probes  # noqa: PLC0415
    from workers.main import work as work_  # noqa: PLC0415

    configure()
    loaded, _ = configuration(context, config)
    with probes(metrics_port, store_url(loaded)):
        work_(loaded, store_url(loaded))


def schedule(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """The scheduler: finds what is due, and wakes workers.

    It polls deltas, checks subscriptions and finds forgotten work; a second one does no harm.
    """
    from service.probes import probes  # noqa: PLC0415
    from workers.main import schedule as schedule_  # noqa: PLC0415

    configure()
    loaded, _ = configuration(context, config)
    log_old_days(loaded)  # here, since every installation has one of these, and `run` starts it too
    with probes(metrics_port, store_url(loaded)):
        schedule_(loaded, store_url(loaded))

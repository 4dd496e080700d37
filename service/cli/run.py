"""`run`, `serve`, `work`, `schedule`: the processes of an installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.cli.context import configuration, log_configuration, log_old_days, store_url
from service.cli.failures import CommandFailed
from service.cli.logs import configure
from service.cli.options import ConfigOption
from service.cli.processes import Child, Family, shiftwire
from workers.config import Config

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
    loaded, path = _started(context, config)
    names = ["serve", *["work"] * workers, "schedule"]
    children = [Child(name, shiftwire(name, "--config", str(path))) for name in names]
    own = None if loaded.store.url else Path(loaded.store.data_dir)
    Family(children, own).run()


def serve(context: typer.Context, config: ConfigOption = None) -> None:
    """The web process: receives webhooks."""
    from service.main import serve as serve_  # noqa: PLC0415  # each process imports only what it runs

    loaded, _ = _started(context, config)
    serve_(loaded, store_url(loaded))


def work(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """A worker process: fetches, decides, delivers."""
    from workers.main import work as work_  # noqa: PLC0415

    loaded, _ = _started(context, config)
    with _probed(metrics_port, loaded):
        work_(loaded, store_url(loaded))


def schedule(context: typer.Context, config: ConfigOption = None, metrics_port: MetricsPort = 0) -> None:
    """The scheduler: finds what is due, and wakes workers.

    It polls deltas, checks subscriptions and finds forgotten work; a second one does no harm.
    """
    from workers.main import schedule as schedule_  # noqa: PLC0415

    loaded, _ = _started(context, config)
    log_old_days(loaded)  # here, since every installation has one of these, and `run` starts it too
    with _probed(metrics_port, loaded):
        schedule_(loaded, store_url(loaded))


def _started(context: typer.Context, path: Path | None) -> tuple[Config, Path]:
    """The configuration, as it is in effect, is the first thing in the log of every process."""
    configure()
    loaded, found = configuration(context, path)
    log_configuration(loaded)
    return loaded, found


@contextmanager
def _probed(port: int, config: Config) -> Iterator[None]:
    """Raises `CommandFailed` when the port cannot be had."""
    from service.probes import NoPort, probes  # noqa: PLC0415

    try:
        with probes(port, store_url(config)):
            yield
    except NoPort as error:
        raise CommandFailed(str(error)) from None

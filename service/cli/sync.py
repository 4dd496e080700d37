"""`sync` and `reconcile`: load a collection from its list, or compare it with what is stored."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from service.cli.context import configuration, with_store
from service.cli.failures import INTERRUPTED, CommandFailed
from service.cli.options import ConfigOption, JsonOption
from service.cli.waiting import on_screen
from workers.clients import Clients
from workers.config import Config
from workers.first_loads import Behind
from workers.protime import ProtimeError
from workers.reading import TenantReading
from workers.reconcile import Found, Reconciliation, window_of
from workers.reconciler import schedule_of
from workers.room import Paced, Room
from workers.store import Store
from workers.store.connect import UNAVAILABLE
from workers.store.leases import Leases
from workers.store.progress import Progress as Stand
from workers.store.progress import ProgressStore
from workers.store.state import States
from workers.sync import Busy, Sync

Tenant = Annotated[str, typer.Argument(metavar="TENANT", help="A tenant of the configuration.")]
Collection = Annotated[str, typer.Argument(metavar="COLLECTION", help="One of its collections.")]


def sync(
    context: typer.Context,
    tenant: Tenant,
    collection: Collection,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Loads a whole collection, resumable.

    It is read from its list; repeating the command goes on where it was cut off.
    The workers deliver what is new, behind live traffic, with the origin `sync`.
    """
    loaded, _ = configuration(context, config)
    known(loaded, tenant, collection)

    stands: list[Stand] = []

    async def load(store: Store) -> Stand:
        async with _reading(loaded, store, tenant) as (settings, leases):
            room = Room(store.scripts, store.inbox, loaded.sinks)
            way = Paced(Behind(store.inbox, lambda _: None), room)
            job = Sync(way, leases, ProgressStore(store.scripts), patience=on_screen())
            with _bar(tenant, collection) as show:

                def seen(stand: Stand) -> None:
                    stands[:] = [stand]
                    show(stand)

                try:
                    return await job.load(settings, tenant, collection, seen)
                except Busy as error:
                    raise CommandFailed(str(error)) from None

    try:
        stand = with_store(loaded, load)
    except KeyboardInterrupt:
        _tell_of_going_on(stands)
        raise typer.Exit(INTERRUPTED) from None
    except (ProtimeError, *UNAVAILABLE):
        _tell_of_going_on(stands)
        raise
    if as_json:
        print(json.dumps({"pages": stand.pages, "records": stand.records}))
    else:
        print(
            f"{tenant}/{collection}: {stand.records:,} records on {stand.pages:,} pages, handed to the workers"
        )


def _tell_of_going_on(stands: Sequence[Stand]) -> None:
    """`stands`: the last one that the load noted, if any."""
    so_far = "".join(f"{s.records:,} records on {s.pages:,} pages" for s in stands) or "no page was loaded"
    print(f"Stopped before the end: {so_far}. The same command goes on from there.", file=sys.stderr)


def reconcile(
    context: typer.Context,
    tenant: Tenant,
    collection: Collection,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compares a collection with Protime now, and repairs.

    What was missed is reported, and delivered with the origin `reconcile`. Exit code 1 when Protime failed to show a record.
    """
    loaded, _ = configuration(context, config)
    known(loaded, tenant, collection)

    async def compare(store: Store) -> Found:
        async with _reading(loaded, store, tenant) as (settings, _):
            schedule = schedule_of(loaded, tenant, collection)
            window = window_of(collection, settings.today(), schedule.days_back, schedule.days_ahead)
            states = States(store.redis, store.inbox)
            job = Reconciliation(store.inbox, states, lambda _: None, patience=on_screen())
            return await job.run(settings, tenant, collection, window)

    found = with_store(loaded, compare)
    if as_json:
        names = ("looked_at", "missed", "deleted", "left_out")
        print(json.dumps({name: getattr(found, name) for name in names}))
    else:
        _tell(f"{tenant}/{collection}", found)
    if found.left_out:
        raise typer.Exit(1)


def _tell(what: str, found: Found) -> None:
    print(f"{what}: looked at {found.looked_at:,} records")
    for word, names in (("missed", found.missed), ("deleted", found.deleted), ("left out", found.left_out)):
        for name in names:
            print(f"{word:<8} {name}")
    if found.left_out:
        print(
            "Protime did not show what was left out; the next comparison asks for it again.", file=sys.stderr
        )


def known(config: Config, tenant: str, collection: str | None = None) -> None:
    """Raises `BadParameter` for a name that the configuration does not have."""
    if tenant not in config.tenants:
        raise typer.BadParameter(f"the configuration has {', '.join(config.tenants)}", param_hint="TENANT")
    collections = config.tenants[tenant].collections
    if collection is not None and collection not in collections:
        raise typer.BadParameter(f"{tenant} has {', '.join(collections)}", param_hint="COLLECTION")


@asynccontextmanager
async def _reading(config: Config, store: Store, tenant: str) -> AsyncIterator[tuple[TenantReading, Leases]]:
    """A client of the tenant, and leases that are kept while the block runs."""
    leases, clients = Leases(store.scripts), Clients(config, store)
    keeping = asyncio.create_task(leases.keep())
    try:
        yield clients.reading(tenant), leases
    finally:
        leases.stop()
        keeping.cancel()
        await clients.close()


@contextmanager
def _bar(tenant: str, collection: str) -> Iterator[Callable[[Stand], None]]:
    """A progress bar on a terminal; silence in a pipe. How much there is, is known from the load before."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} records, page {task.fields[page]:,}, {task.fields[rate]:,.0f}/s"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"{tenant}/{collection}", total=None, page=0, rate=0.0)
        yield partial(_show, bar, task)


def _show(bar: Progress, task: TaskID, stand: Stand) -> None:
    bar.update(task, completed=stand.records, total=stand.expected or None, page=stand.pages, rate=stand.rate)

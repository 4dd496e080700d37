"""`events`: the log. `show` prints the whole life of one event."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from typing import Annotated

import typer

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.event_log import holds, newest
from service.cli.event_log import tail as tail_
from service.cli.failures import CommandFailed
from service.cli.life import print_life
from service.cli.options import ConfigOption, JsonOption
from workers.config import Config
from workers.events import Event
from workers.sinks.console import line
from workers.store import Store
from workers.store.log import Life

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)

Tenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Collection = Annotated[str | None, typer.Option(help="Only of this collection.")]
Limit = Annotated[int, typer.Option(min=1, help="The newest so many.")]


@app.callback()
def group(config: ConfigOption = None) -> None:
    """The event log."""


@app.command("list")
def list_(
    context: typer.Context,
    config: ConfigOption = None,
    tenant: Tenant = None,
    collection: Collection = None,
    limit: Limit = 100,
    as_json: JsonOption = False,
) -> None:
    """The newest events, oldest first."""
    loaded, _ = configuration(context, config)
    tenants, wanted = _chosen(loaded, tenant), _wanted(collection)

    async def read(store: Store) -> list[Event]:
        await _known(loaded, store, tenants, collection)
        return await newest(store, tenants, wanted, limit)

    events = with_store(loaded, read)
    if as_json:
        screen.print_json([event.as_dict() for event in events])
        return
    output = screen.Output()
    for event in events:
        output.print(line(event.head, screen.zone(loaded, event.head.data.tenant)))


@app.command("show")
def show(
    context: typer.Context,
    event_id: Annotated[
        str, typer.Argument(metavar="ID", help="As in the event: tenant/collection/id/version.")
    ],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The whole life of one event: received, decided, each delivery."""
    loaded, _ = configuration(context, config)
    tenant = event_id.partition("/")[0]

    async def read(store: Store) -> Life:
        found = await store.log.find(event_id) if tenant in loaded.tenants else None
        if found is None:
            raise CommandFailed(f"no event {event_id} in the log (an id is tenant/collection/id/version)")
        return await store.log.life(found, loaded.sinks)

    life = with_store(loaded, read)
    if not as_json:
        print_life(life, screen.zone(loaded, tenant))
        return
    screen.print_json(life.as_dict())


@app.command("tail")
def tail(
    context: typer.Context,
    config: ConfigOption = None,
    tenant: Tenant = None,
    collection: Collection = None,
    as_json: JsonOption = False,
) -> None:
    """New events as they come, until Ctrl-C. With --json one event a line."""
    loaded, _ = configuration(context, config)
    tenants, wanted, output = _chosen(loaded, tenant), _wanted(collection), screen.Output()

    def tell(event: Event) -> None:
        if as_json:
            print(event.json.decode(), flush=True)
        else:
            output.print(line(event.head, screen.zone(loaded, event.head.data.tenant)))

    async def follow(store: Store) -> None:
        # Not left to cancellation: the Redis client swallows one now and then.
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await _known(loaded, store, tenants, collection)
        await tail_(store, tenants, wanted, tell, stop)

    with_store(loaded, follow)


def _chosen(config: Config, tenant: str | None) -> list[str]:
    if tenant is not None and tenant not in config.tenants:
        raise typer.BadParameter(
            f"there is no tenant {tenant}; known: {', '.join(config.tenants)}", param_hint="--tenant"
        )
    return [tenant] if tenant else list(config.tenants)


async def _known(config: Config, store: Store, tenants: list[str], collection: str | None) -> None:
    """Raises BadParameter for one that is neither configured nor in the log, which keeps what was configured once."""
    names = sorted({name for tenant in tenants for name in config.tenants[tenant].collections})
    if collection is not None and collection not in names and not await holds(store, tenants, collection):
        raise typer.BadParameter(
            f"there is no collection {collection}; known: {', '.join(names)}", param_hint="--collection"
        )


def _wanted(collection: str | None) -> Callable[[Event], bool]:
    return lambda event: collection in {None, event.head.data.collection}

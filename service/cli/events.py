"""`events`: the log. `show` prints the whole life of one event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer
from rich.console import Console

from service.cli.context import ConfigOption, JsonOption, configuration, with_store
from service.cli.failures import CommandFailed
from workers.events import Event
from workers.sinks.console import line
from workers.store import Store
from workers.store.log import Life

app = typer.Typer(help="The event log.", no_args_is_help=True, rich_markup_mode=None)

Tenant = Annotated[str | None, typer.Option(help="Only of this tenant.")]
Collection = Annotated[str | None, typer.Option(help="Only of this collection.")]
Limit = Annotated[int, typer.Option(min=1, help="The newest so many.")]

_POLL_SECONDS = 0.25


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

    async def read(store: Store) -> list[Event]:
        found = [e async for e in _events(store, list(loaded.tenants), tenant, collection)]
        return sorted(found, key=lambda event: event.head.time)[-limit:]

    events = with_store(loaded, read)
    if as_json:
        print(json.dumps([event.as_dict() for event in events], indent=2, ensure_ascii=False))
        return
    for event in events:
        Console().print(line(event.head, None))


@app.command("show")
def show(
    context: typer.Context, event_id: str, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """The whole life of one event: received, decided, each delivery."""
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> Life:
        found = await store.log.find(event_id)
        if found is None:
            raise CommandFailed(f"no event {event_id} in the log (an id is tenant/collection/id/version)")
        return await store.log.life(found, loaded.sinks)

    life = with_store(loaded, read)
    whole = {
        "event": life.event.as_dict(),
        "notifications": life.notifications,
        "decision": life.decision,
        "deliveries": life.deliveries,
    }
    if as_json:
        print(json.dumps(whole, indent=2, ensure_ascii=False))
    else:
        _print_life(whole)


@app.command("tail")
def tail(
    context: typer.Context,
    config: ConfigOption = None,
    tenant: Tenant = None,
    collection: Collection = None,
    as_json: JsonOption = False,
) -> None:
    """New events as they come, until Ctrl-C."""
    loaded, _ = configuration(context, config)
    console = Console()

    async def follow(store: Store) -> None:
        partitions = [p for name in loaded.tenants for p in store.inbox.all(name) if tenant in {None, name}]
        numbers = {p: await store.log.newest(p) for p in partitions}
        while True:
            for partition in partitions:
                async for found in store.log.after(partition, numbers[partition]):
                    numbers[partition] = found.number
                    if collection in {None, found.event.head.data.collection}:
                        text = found.event.json.decode() if as_json else line(found.event.head, None)
                        console.print(text, markup=not as_json, soft_wrap=True, highlight=False)
            await asyncio.sleep(_POLL_SECONDS)

    with_store(loaded, follow)


async def _events(
    store: Store, tenants: list[str], tenant: str | None, collection: str | None
) -> AsyncIterator[Event]:
    for name in tenants:
        if tenant in {None, name}:
            async for found in store.log.events(name):
                if collection in {None, found.event.head.data.collection}:
                    yield found.event


def _print_life(whole: dict[str, Any]) -> None:
    console = Console()
    console.print_json(json.dumps(whole["event"]))
    for told in whole["notifications"]:
        console.print(
            f"received  {told['received_at']}  by {told['origin']}: {told['decision']}", highlight=False
        )
    console.print(
        f"decided   {whole['decision'].get('at', '')}  {whole['decision']['decision']}", highlight=False
    )
    for step in whole["deliveries"]:
        reason = f" ({step['reason']})" if step.get("reason") else ""
        console.print(f"{step['outcome']:<9} {step['at']}  {step['sink']}{reason}", highlight=False)

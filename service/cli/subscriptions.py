"""`subscriptions`: the webhooks at Protime."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import msgspec
import typer

from service.cli import screen
from service.cli.app import MANNERS
from service.cli.context import configuration, store_url, with_store
from service.cli.failures import CommandFailed
from service.cli.options import ConfigOption, JsonOption
from service.cli.sharing import with_store_or_alone
from service.cli.sync import Collection, Tenant, known
from service.cli.waiting import on_screen
from workers.clients import Clients
from workers.config import Config
from workers.protime import NotFound
from workers.queue import Wake, make_broker
from workers.store import Store
from workers.store.leases import Leases
from workers.store.subscriptions import Subscription
from workers.store.vault import CannotOpen
from workers.subscribed import Subscribed
from workers.subscription_survey import ours
from workers.subscriptions import CheckUnderWay, SubscriptionKeeper, destinations

WebhookId = Annotated[str, typer.Argument(metavar="ID", help="As `subscriptions list` prints it.")]

app = typer.Typer(no_args_is_help=True, **MANNERS)


@app.callback()
def _group(config: ConfigOption = None) -> None:
    """The webhooks at Protime."""


@app.command("list")
def list_(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All webhooks of the configured tenants, those of others included."""
    loaded, _ = configuration(context, config)

    async def read(store: Store, share: bool) -> list[dict[str, Any]]:
        async with _clients(loaded, store, share=share) as clients:
            known = store if share else None
            return [row for tenant in loaded.tenants for row in await _rows(loaded, known, clients, tenant)]

    rows = with_store_or_alone(loaded, read)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    _print_table(loaded, rows)


def _print_table(config: Config, rows: list[dict[str, Any]]) -> None:
    if not rows:
        print("no webhooks")
        return
    table = screen.table("id", "tenant", "collection", "status", "valid until", "ours")
    for row in rows:
        until = (
            screen.local(row["valid_until"], screen.zone(config, row["tenant"]))
            if row["valid_until"]
            else "-"
        )
        ours = "yes" if row["managed"] else f"no: {row['destination_url']}"
        table.add_row(row["id"], row["tenant"], row["collection"], row["status"], until, ours)
    screen.Output().print_table(table)


@app.command("renew")
def renew(
    context: typer.Context,
    tenant: Tenant,
    collection: Collection,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replaces the webhook of a collection: the new one accepts before the old one is deleted.

    When there is no new one, the old one stays as it is.
    """
    loaded, _ = configuration(context, config)
    known(loaded, tenant, collection)
    if not loaded.subscriptions.manage:
        raise CommandFailed("subscriptions.manage is false: webhooks made by hand are renewed by hand")

    async def replace(store: Store) -> str:
        return (await _renewed(loaded, store, tenant, collection)).webhook

    webhook = with_store(loaded, replace)
    if as_json:
        screen.print_json({"tenant": tenant, "collection": collection, "id": webhook})
    else:
        print(f"{tenant}/{collection}: now {webhook}")


@app.command("delete")
def delete(
    context: typer.Context,
    tenant: Tenant,
    webhook_id: WebhookId,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Deletes a webhook at Protime. One that the configuration wants is created anew by the next check."""
    loaded, _ = configuration(context, config)
    known(loaded, tenant)

    async def remove(store: Store, share: bool) -> None:
        async with _clients(loaded, store, share=share) as clients:
            try:
                await clients.of(tenant).patient(on_screen()).get_webhook(webhook_id)
            except NotFound:
                raise CommandFailed(f"{tenant} has no webhook {webhook_id}") from None
            await clients.of(tenant).delete_webhook(webhook_id)

    with_store_or_alone(loaded, remove)
    if as_json:
        screen.print_json({"tenant": tenant, "id": webhook_id})
    else:
        print(f"{webhook_id} deleted")


@asynccontextmanager
async def _clients(config: Config, store: Store, *, share: bool = True) -> AsyncIterator[Clients]:
    clients = Clients(config, store, share=share)
    try:
        yield clients
    finally:
        await clients.close()


async def _rows(config: Config, store: Store | None, clients: Clients, tenant: str) -> list[dict[str, Any]]:
    listed = await clients.of(tenant).patient(on_screen()).list_webhooks()
    records = await _records(store, tenant) if store else []
    mine = ours(destinations(config, tenant), records, listed)
    return [
        {
            "tenant": tenant,
            "collection": webhook.collection_name,
            "id": webhook.id,
            "status": webhook.status,
            "valid_until": webhook.valid_until.isoformat() if webhook.valid_until else None,
            "destination_url": _without_token(webhook.destination_url, tenant),
            "managed": webhook.id in mine,
        }
        for webhook in listed
    ]


async def _records(store: Store, tenant: str) -> list[Subscription]:
    """None when they cannot be read: then a webhook of ours is known by its destination alone."""
    try:
        return await store.subscriptions.all(tenant)
    except (CannotOpen, msgspec.DecodeError):
        return []


def _without_token(url: str, tenant: str) -> str:
    """The last part of such a path is a secret, wherever it leads: whoever knows it may knock."""
    return f"{url.rpartition('/')[0]}/***" if f"/webhooks/{tenant}/" in url else url


async def _renewed(config: Config, store: Store, tenant: str, collection: str) -> Subscription:
    """Raises CommandFailed and ProtimeError; then the webhook is the one it was."""
    leases, wake = Leases(store.scripts), Wake(make_broker(store_url(config)))
    keeping = asyncio.create_task(leases.keep())
    try:
        async with _clients(config, store) as clients:
            created = Subscribed(store.owed, clients.reading, wake).created
            keeper = SubscriptionKeeper(
                config, store.subscriptions, leases, clients.refusals, clients.of, created
            )
            return await keeper.renew(tenant, collection)
    except CheckUnderWay:
        raise CommandFailed(
            f"not renewed: a worker checks the webhooks of {tenant} at this moment. Try again in a few seconds"
        ) from None
    finally:
        leases.stop()
        keeping.cancel()

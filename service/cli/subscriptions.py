"""`subscriptions`: the webhooks at Protime."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from service.cli.app import MANNERS
from service.cli.context import configuration, store_url, with_store
from service.cli.failures import CommandFailed
from service.cli.options import ConfigOption, JsonOption
from service.cli.sync import Collection, Tenant, known
from workers.clients import Clients
from workers.config import Config
from workers.protime import NotFound
from workers.queue import Wake, make_broker
from workers.store import Store
from workers.store.leases import Leases
from workers.subscribed import Subscribed
from workers.subscriptions import SubscriptionKeeper, ours

app = typer.Typer(no_args_is_help=True, **MANNERS)


@app.callback()
def _group(config: ConfigOption = None) -> None:
    """The webhooks at Protime."""


@app.command("list")
def list_(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """All webhooks of the configured tenants, those of others included."""
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> list[dict[str, Any]]:
        async with _clients(loaded, store) as clients:
            return [row for tenant in loaded.tenants for row in await _rows(loaded, clients, tenant)]

    rows = with_store(loaded, read)
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table(
        *(name.replace("_", " ") for name in ("tenant", "collection", "id", "status", "valid_until")), "ours"
    )
    for row in rows:
        shown = (row["tenant"], row["collection"], row["id"], row["status"], row["valid_until"] or "")
        table.add_row(*shown, "yes" if row["managed"] else row["destination_url"])
    Console().print(table)


@app.command("renew")
def renew(
    context: typer.Context, tenant: Tenant, collection: Collection, config: ConfigOption = None
) -> None:
    """Replaces the webhook of a collection: the new one accepts before the old one is deleted."""
    loaded, _ = configuration(context, config)
    known(loaded, tenant, collection)
    if not loaded.subscriptions.manage:
        raise CommandFailed("subscriptions.manage is false: webhooks made by hand are renewed by hand")

    async def replace(store: Store) -> str:
        for subscription in await store.subscriptions.all(tenant):
            if subscription.collection == collection and not subscription.retired_at:
                retired = msgspec.structs.replace(subscription, retired_at=datetime.now(UTC))
                await store.subscriptions.put(tenant, retired)
        await _check(loaded, store, tenant)
        current = [
            s
            for s in await store.subscriptions.all(tenant)
            if s.collection == collection and not s.retired_at
        ]
        if not current or not current[0].webhook:
            raise CommandFailed(
                "the webhook was not renewed: Protime could not be asked, it will be tried again"
            )
        return current[0].webhook

    print(f"{tenant}/{collection}: now {with_store(loaded, replace)}")


@app.command("delete")
def delete(context: typer.Context, tenant: Tenant, webhook_id: str, config: ConfigOption = None) -> None:
    """Deletes a webhook at Protime. One that the configuration wants is created anew by the next check."""
    loaded, _ = configuration(context, config)
    known(loaded, tenant)

    async def remove(store: Store) -> None:
        async with _clients(loaded, store) as clients:
            try:
                await clients.of(tenant).get_webhook(webhook_id)
            except NotFound:
                raise CommandFailed(f"{tenant} has no webhook {webhook_id}") from None
            await clients.of(tenant).delete_webhook(webhook_id)

    with_store(loaded, remove)
    print(f"{webhook_id} deleted")


@asynccontextmanager
async def _clients(config: Config, store: Store) -> AsyncIterator[Clients]:
    clients = Clients(config, store)
    try:
        yield clients
    finally:
        await clients.close()


async def _rows(config: Config, clients: Clients, tenant: str) -> list[dict[str, Any]]:
    prefix = ours(config, tenant)
    return [
        {
            "tenant": tenant,
            "collection": webhook.collection_name,
            "id": webhook.id,
            "status": webhook.status,
            "valid_until": webhook.valid_until.isoformat() if webhook.valid_until else None,
            "destination_url": _without_token(webhook.destination_url, prefix),
            "managed": webhook.destination_url.startswith(prefix),
        }
        for webhook in await clients.of(tenant).list_webhooks()
    ]


def _without_token(url: str, prefix: str) -> str:
    """The last part of a path of ours is a secret: whoever knows it may knock."""
    return f"{url.rpartition('/')[0]}/***" if url.startswith(prefix) else url


async def _check(config: Config, store: Store, tenant: str) -> None:
    leases, wake = Leases(store.scripts), Wake(make_broker(store_url(config)))
    keeping = asyncio.create_task(leases.keep())
    try:
        async with _clients(config, store) as clients:
            created = Subscribed(store.owed, clients.reading, wake).created
            keeper = SubscriptionKeeper(
                config, store.subscriptions, leases, clients.refusals, clients.of, created
            )
            await keeper.check(tenant)
    finally:
        leases.stop()
        keeping.cancel()

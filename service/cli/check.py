"""`check`: is the configuration good, and, online, does everything it names answer?"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from service.cli.context import ConfigOption, configuration, store_url
from service.cli.failures import UNREACHABLE
from workers.clients import Clients
from workers.config import Config
from workers.protime import ProtimeError
from workers.store import Store
from workers.store.connect import StoreUnreachable, connect, verify


def check(
    context: typer.Context,
    config: ConfigOption = None,
    online: Annotated[bool, typer.Option("--online", help="Also ask the store and Protime.")] = False,
) -> None:
    """Validates the configuration. Exit code 78 with all mistakes at once; 69 when something does not answer."""
    loaded, path = configuration(context, config)
    print(f"{path}: the configuration is valid: {_summary(loaded)}")
    if online and not all([asyncio.run(_store(loaded)), asyncio.run(_tenants(loaded))]):
        raise typer.Exit(UNREACHABLE)


def _summary(config: Config) -> str:
    collections = sum(len(tenant.collections) for tenant in config.tenants.values())
    return f"{len(config.tenants)} tenant(s), {collections} collection(s), {len(config.sinks)} sink(s)"


async def _store(config: Config) -> bool:
    if not config.store.url:
        print("store: embedded, `shiftwire run` starts it")
        return True
    redis = connect(config.store.url, connections=1)
    try:
        await verify(redis, allow_volatile=config.store.allow_volatile)
    except StoreUnreachable as error:
        print(f"store: {error}")
        return False
    finally:
        await redis.aclose()
    print("store: answers, keeps what it is given")
    return True


async def _tenants(config: Config) -> bool:
    """Token, scopes and one read of each tenant's webhooks."""
    good = True
    redis = connect(store_url(config), connections=2)
    clients = Clients(config, Store(config, redis), share_token=False)
    for name in config.tenants:
        try:
            webhooks = await clients.of(name).list_webhooks() if config.subscriptions.manage else ()
            await clients.token(name)
        except ProtimeError as error:
            print(f"tenants.{name}: {error}")
            good = False
        else:
            print(f"tenants.{name}: token granted, {len(webhooks)} webhook(s) at Protime")
    await clients.close()
    await redis.aclose()
    return good

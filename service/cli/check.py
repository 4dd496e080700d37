"""`check`: whether the configuration is good and, online, whether everything it names answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli.check_sinks import problem_of
from service.cli.context import configuration, store_url
from service.cli.failures import BAD_CONFIGURATION, UNREACHABLE
from service.cli.options import ConfigOption
from workers.clients import Clients
from workers.config import Config, old_days
from workers.protime import AuthenticationFailed, ProtimeError, scopes_for
from workers.store import Store
from workers.store.connect import StoreUnreachable, UnsafeStore, connect, verify
from workers.store.partition_count import compare

#: What was looked at, what was found, and the exit code it calls for (0: good).
Finding = tuple[str, str, int]


def check(
    context: typer.Context,
    config: ConfigOption = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the store, Protime and the sinks.")
    ] = False,
) -> None:
    """Validates the configuration and what it names.

    Exit code 78 with all mistakes at once, also when the store is unsafe or Protime refuses the client or a scope;
    69 when something does not answer.
    """
    loaded, path = configuration(context, config)
    print(f"{path}: the configuration is valid: {_summary(loaded)}")
    for found in old_days(loaded, datetime.now(UTC)):
        print(f"warn  {found}")
    if online and (code := asyncio.run(_online(loaded))):
        raise typer.Exit(code)


def _summary(config: Config) -> str:
    collections = sum(len(tenant.collections) for tenant in config.tenants.values())
    return f"{len(config.tenants)} tenant(s), {collections} collection(s), {len(config.sinks)} sink(s)"


async def _online(config: Config) -> int:
    """Prints a line for each finding. A mistake weighs more than something that is away."""
    codes = {0}
    async for what, found, code in _findings(config):
        print(f"{'ok  ' if code == 0 else 'FAIL'}  {what}: {found}")
        codes.add(code)
    return max(codes)


async def _findings(config: Config) -> AsyncIterator[Finding]:
    yield await _store(config)
    redis = connect(store_url(config), connections=2)
    clients = Clients(config, Store(config, redis), share=False)
    for name in config.tenants:
        yield await _tenant(config, clients, name)
    await clients.close()
    await redis.aclose()
    for name, options in config.sinks.items():
        problem = await asyncio.to_thread(problem_of, options)
        yield (
            f"sinks.{name}",
            problem or "reachable, as far as can be seen without sending",
            UNREACHABLE if problem else 0,
        )


async def _store(config: Config) -> Finding:
    if not config.store.url:
        return "store", "embedded, `shiftwire run` starts it", 0
    redis = connect(config.store.url, connections=1)
    try:
        await verify(redis, allow_volatile=config.store.allow_volatile)
        await compare(config, redis)
    except StoreUnreachable as error:
        return "store", str(error), UNREACHABLE
    except UnsafeStore as error:
        return "store", str(error), BAD_CONFIGURATION
    finally:
        await redis.aclose()
    return "store", "answers" if config.store.allow_volatile else "answers, keeps what it is given", 0


async def _tenant(config: Config, clients: Clients, name: str) -> Finding:
    """Token, scopes, and one read of the tenant's webhooks where we manage them."""
    where, asked = f"tenants.{name}", _scopes(config, name)
    try:
        await clients.token(name)
        if missing := clients.missing_scopes(name):
            return where, f"Protime did not grant {', '.join(sorted(missing))}", BAD_CONFIGURATION
        webhooks = await clients.of(name).list_webhooks() if config.subscriptions.manage else ()
    except AuthenticationFailed as error:
        return where, f"{error}; the scopes asked for are {', '.join(asked)}", BAD_CONFIGURATION
    except ProtimeError as error:
        return where, str(error), UNREACHABLE
    return where, f"token and all {len(asked)} scopes granted, {len(webhooks)} webhook(s) at Protime", 0


def _scopes(config: Config, tenant: str) -> tuple[str, ...]:
    return scopes_for(config.tenants[tenant].collections, manage_webhooks=config.subscriptions.manage)

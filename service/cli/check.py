"""`check`: whether the configuration is good and, online, whether everything it names answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Annotated

import typer

from service.cli import screen
from service.cli.check_sinks import look_at
from service.cli.check_store import of_secret_key, of_store
from service.cli.context import configuration, store_url
from service.cli.failures import BAD_CONFIGURATION, UNREACHABLE
from service.cli.finding import Finding, failed, fine, unseen
from service.cli.logs import configure
from service.cli.options import ConfigOption, JsonOption
from workers.clients import Clients
from workers.config import Config, cautions
from workers.protime import AuthenticationFailed, ProtimeError, scopes_for
from workers.sinks.base import Look
from workers.store import Store
from workers.store.connect import connect


def check(
    context: typer.Context,
    config: ConfigOption = None,
    online: Annotated[
        bool, typer.Option("--online", help="Also ask the store, Protime and the sinks.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Validates the configuration and what it names.

    Exit code 78 with all mistakes at once, also when the store is unsafe or Protime refuses the client or a scope;
    69 when something does not answer.
    """
    loaded, path = configuration(context, config)
    warnings, shown = list(cautions(loaded, datetime.now(UTC))), _silent if as_json else print
    shown(f"{path}: the configuration is valid: {_summary(loaded)}")
    for found in warnings:
        shown(f"warn  {found}")
    findings = asyncio.run(_online(loaded, shown)) if online else []
    if as_json:
        told = [{"mark": f.mark.lower(), "what": f.what, "found": f.found} for f in findings]
        screen.print_json({"config": str(path), "warnings": warnings, "online": told})
    if code := max((finding.code for finding in findings), default=0):
        raise typer.Exit(code)


def _silent(_: object) -> None:
    """For JSON, which is one value at the end."""


def _summary(config: Config) -> str:
    collections = sum(len(tenant.collections) for tenant in config.tenants.values())
    return f"{len(config.tenants)} tenant(s), {collections} collection(s), {len(config.sinks)} sink(s)"


async def _online(config: Config, shown: Callable[[object], None]) -> list[Finding]:
    """Shows each finding as it comes. A mistake weighs more than something that is away."""
    configure("CRITICAL")  # what is worth a warning is a line of the answer
    findings = []
    async for finding in _findings(config):
        shown(finding)
        findings.append(finding)
    return findings


async def _findings(config: Config) -> AsyncIterator[Finding]:
    is_there = bool(config.store.url)
    async for finding in of_store(config):
        yield finding
        is_there = is_there and finding.code != UNREACHABLE
    redis = connect(store_url(config), connections=2)
    store = Store(config, redis)
    if is_there:
        async for finding in of_secret_key(config, store):
            yield finding
    clients = Clients(config, store, share=False)
    for name in config.tenants:
        yield await _tenant(config, clients, name)
    await clients.close()
    await redis.aclose()
    looks = await asyncio.gather(*(look_at(name, options) for name, options in config.sinks.items()))
    for name, look in zip(config.sinks, looks, strict=True):
        yield _sink(f"sinks.{name}", look)


def _sink(where: str, look: Look) -> Finding:
    if look.problem:
        return failed(where, look.problem, UNREACHABLE)
    return unseen(where, look.unseen) if look.unseen else fine(where, "takes us in; no event was sent")


async def _tenant(config: Config, clients: Clients, name: str) -> Finding:
    """Token, scopes, and one read of the tenant's webhooks where we manage them."""
    where, asked = f"tenants.{name}", _scopes(config, name)
    try:
        await clients.token(name)
        if missing := clients.missing_scopes(name):
            return failed(where, f"Protime did not grant {', '.join(sorted(missing))}", BAD_CONFIGURATION)
        webhooks = await clients.of(name).list_webhooks() if config.subscriptions.manage else ()
    except AuthenticationFailed as error:
        return failed(where, f"{error}; the scopes asked for are {', '.join(asked)}", BAD_CONFIGURATION)
    except ProtimeError as error:
        return failed(where, str(error), UNREACHABLE)
    return fine(where, f"token and all {len(asked)} scopes granted, {len(webhooks)} webhook(s) at Protime")


def _scopes(config: Config, tenant: str) -> tuple[str, ...]:
    return scopes_for(config.tenants[tenant].collections, manage_webhooks=config.subscriptions.manage)

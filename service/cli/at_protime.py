"""Commands that talk to Protime itself, with a token that has just the scopes they need.

They need no store, unless they write and a sink wants to know its echoes.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
import uvloop

from service.cli.context import configuration
from service.cli.failures import CommandFailed
from service.cli.own_writes import registering
from service.cli.sharing import shared
from workers.config import Config
from workers.protime import (
    BodyRefused,
    ClientCredentials,
    FilterError,
    Patience,
    Protime,
    ReferenceRefused,
    Unconfirmed,
    WriteObserver,
    scopes_for,
)

T = TypeVar("T")

TenantArgument = Annotated[str, typer.Argument(metavar="TENANT", help="A tenant of the configuration.")]
IdArgument = Annotated[int, typer.Argument(metavar="ID", help="The id at Protime.")]


@dataclass(frozen=True)
class At:
    """The tenant that a command is about."""

    context: typer.Context
    tenant: TenantArgument

    def configured(self, path: Path | None) -> Config:
        """The configuration, which knows the tenant."""
        config, _ = configuration(self.context, path)
        if self.tenant not in config.tenants:
            known = ", ".join(config.tenants)
            raise typer.BadParameter(f"there is no tenant {self.tenant}; known: {known}", param_hint="TENANT")
        return config


def with_protime(
    config: Config,
    tenant: str,
    work: Callable[[Protime], Coroutine[Any, Any, T]],
    *,
    reads: str | None = None,
    writes: str | None = None,
    patience: Patience | None = None,
) -> T:
    """Runs a coroutine on a client that may read and write these collections, and nothing else.

    Its reads wait for Protime with `patience`.

    Raises CommandFailed for what is refused before it is sent, ProtimeError, and the errors of the store for a write.
    """
    settings = config.tenants[tenant]
    scopes = scopes_for([reads] if reads else [], writes=[writes] if writes else [])

    async def run() -> T:
        secret, agent = settings.client_secret.get_secret_value(), settings.user_agent
        observers: AbstractAsyncContextManager[WriteObserver | None] = (
            registering(config, tenant) if writes else nullcontext()
        )
        async with observers as observer, shared(config, tenant, scopes) as (limit, kept):
            tokens = ClientCredentials(
                settings.auth_url, tenant, settings.client_id, secret, scopes, user_agent=agent, store=kept
            )
            client = Protime(
                settings.base_url, tenant, agent, tokens, limit=limit, observer=observer, patience=patience
            )
            try:
                async with client:
                    return await work(client)
            finally:
                await tokens.close()

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(run())
    except BodyRefused as error:
        raise CommandFailed(_listed(error)) from None
    except (FilterError, ReferenceRefused) as error:
        raise CommandFailed(f"Not sent: {error}") from None


def create(config: Config, tenant: str, collection: str, body: Any) -> int:
    """The id of a new record. Raises as `with_protime` does."""
    try:
        return with_protime(config, tenant, lambda client: client.create(collection, body), writes=collection)
    except Unconfirmed:
        print(
            "The record may have been created all the same: look for it before you try again.",
            file=sys.stderr,
        )
        raise


def _listed(error: BodyRefused) -> str:
    return "\n".join(["Not sent:", *(f"  {mistake}" for mistake in error.mistakes)])

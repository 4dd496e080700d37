"""`simulator`: the Protime stand-in alone."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from service.listening import taken
from simulator.main import run_on
from simulator.settings import Settings
from simulator.switching import read


def simulator(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8090,
    settings: Annotated[
        str, typer.Option(help="Switches as JSON, such as '{\"drop_probability\": 0.01}'.")
    ] = "{}",
) -> None:
    """A stand-in for a Protime tenant.

    API, authentication and webhooks on one port; every switch on the page /control, and at /control/settings.
    """
    try:
        chosen = read(settings)
    except msgspec.DecodeError as error:
        raise typer.BadParameter(str(error), param_hint="--settings") from None
    sockets = taken(host, port)
    _tell(_url(*sockets[0].getsockname()[:2]), chosen)
    run_on(sockets, chosen)


def _url(host: str, port: int) -> str:
    """Where whoever sits at this machine finds it."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # names it, binds nothing
    return f"http://[{here}]:{port}" if ":" in here else f"http://{here}:{port}"


def _tell(url: str, settings: Settings) -> None:
    known = settings.client_secret == Settings().client_secret
    print(
        f"A stand-in for the tenant {settings.tenant}, until Ctrl-C",
        f"  base_url, auth_url  {url}",
        f"  client_id           {settings.client_id}",
        f"  client_secret       {settings.client_secret if known else 'the one in --settings'}",
        f"  every switch        {url}/control",
        sep="\n",
        flush=True,
    )

"""`simulator`: the Protime stand-in alone."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from service.listening import taken
from simulator.main import run_on
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
    run_on(taken(host, port), chosen)

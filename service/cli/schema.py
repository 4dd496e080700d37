"""`schema`: JSON Schemas of the configuration and of the events, and the documents made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import typer

from service.cli.screen import print_json
from workers.changes import SCHEMA_NAMES
from workers.changes import schema as event_schema
from workers.config import config_schema

Known = Literal["config", "events", "openapi", "asyncapi"]


def schema(
    of: Annotated[Known, typer.Argument(metavar="WHAT", help="config, events, openapi or asyncapi.")],
) -> None:
    """JSON Schemas of the configuration and of the events.

    For editors, and for those who read events. `openapi` describes the HTTP routes, `asyncapi` the events as messages.
    """
    print_json(_MADE[of]())


def _events() -> dict[str, Any]:
    return {name: event_schema(name) for name in sorted(SCHEMA_NAMES)}


def _openapi() -> dict[str, Any]:
    from service.openapi import openapi  # noqa: PLC0415  # the others need nothing of the web

    return openapi()


def _asyncapi() -> dict[str, Any]:
    from service.asyncapi import asyncapi  # noqa: PLC0415

    return asyncapi()


_MADE: Mapping[Known, Callable[[], dict[str, Any]]] = {
    "config": config_schema,
    "events": _events,
    "openapi": _openapi,
    "asyncapi": _asyncapi,
}

"""`schema`: JSON Schemas of the configuration and of the events."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from service.cli.screen import print_json
from workers.changes import SCHEMA_NAMES
from workers.changes import schema as event_schema
from workers.config import config_schema


def schema(of: Annotated[Literal["config", "events"], typer.Argument(help="What to describe.")]) -> None:
    """JSON Schemas of the configuration and of the events.

    For editors, and for those who read events.
    """
    described = (
        config_schema() if of == "config" else {name: event_schema(name) for name in sorted(SCHEMA_NAMES)}
    )
    print_json(described)

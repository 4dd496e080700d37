"""The options that many commands share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

DEFAULT_CONFIG = "shiftwire.yaml"

_HELP = f"The configuration file (default: {DEFAULT_CONFIG}); may stand before or after the command."

#: Before the command. The environment counts here alone, so that a file named anywhere wins over it.
EnvironmentConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help=_HELP, envvar="SHIFTWIRE_CONFIG", show_envvar=True),
]
#: After the command.
ConfigOption = Annotated[Path | None, typer.Option("--config", metavar="FILE", help=_HELP)]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def option(name: str, metavar: str, text: str) -> Any:
    return typer.Option(name, metavar=metavar, help=text)


@dataclass(frozen=True)
class Manner:
    """What every command on records takes at its end."""

    config: ConfigOption = None
    as_json: JsonOption = False

"""All commands, in the order of the help. What a command needs is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from service import __version__
from service.cli.options import EnvironmentConfigOption

#: command → where it is (`module:attribute` in this package), and its line in the help.
COMMANDS = {
    "demo": ("demo:demo", "A simulated day of planning and clocking, end to end."),
    "run": ("run:run", "Everything in one go, for a small installation."),
    "serve": ("run:serve", "The web process: receives webhooks."),
    "work": ("run:work", "A worker process: fetches, decides, delivers."),
    "schedule": ("run:schedule", "The scheduler: finds what is due, and wakes workers."),
    "check": ("check:check", "Validates the configuration and what it names."),
    "sync": ("sync:sync", "Loads a whole collection, resumable."),
    "reconcile": ("sync:reconcile", "Compares a collection with Protime now, and repairs."),
    "subscriptions": ("subscriptions:app", "The webhooks at Protime."),
    "events": ("events:app", "The event log."),
    "dry-run": ("dry_run:dry_run", "Tries a sink's filter on the last days' events."),
    "replay": ("replay:replay", "Delivers events of the log to a sink once more."),
    "dead-letters": ("dead_letters:app", "What could not be delivered or understood."),
    "sinks": ("sinks:sinks", "Which sinks take events, and what waits for the others."),
    "ledger": ("ledger:ledger", "What was received, and where all of it is."),
    "assignments": ("assignments:app", "Planning at Protime: read and written."),
    "clockings": ("clockings:app", "Clockings at Protime: read and created."),
    "simulator": ("simulator:simulator", "A stand-in for a Protime tenant."),
    "schema": ("schema:schema", "JSON Schemas of the configuration and of the events."),
}

#: The same manners for the whole command line.
MANNERS: dict[str, Any] = {
    "add_completion": False,
    "pretty_exceptions_enable": False,
    "rich_markup_mode": None,
    "context_settings": {"help_option_names": ["-h", "--help"], "max_content_width": 110},
}


class ReaderGone(Exception):
    """Whoever read our output had enough, such as `head`."""


class Commands(TyperGroup):
    """The help needs the names alone; a command is loaded when it is the one that was called."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, _, rest = super().resolve_command(ctx, args)
        return name, None if name is None else load(name), rest

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderGone from None  # Typer would make a failure of it


def load(name: str) -> Any:
    """The command itself, as Typer runs it."""
    module, _, attribute = COMMANDS[name][0].partition(":")
    found = getattr(import_module(f"service.cli.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(**MANNERS)
        single.command(name)(found)
        found = single
    return typer.main.get_command(found)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"shiftwire {__version__}")
        raise typer.Exit


def root(
    config: EnvironmentConfigOption = None,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Every schedule change in Protime, delivered."""


def _named_only() -> None:
    raise NotImplementedError


app = typer.Typer(name="shiftwire", cls=Commands, no_args_is_help=True, **MANNERS)
app.callback()(root)
for _name, (_, _text) in COMMANDS.items():
    app.command(_name, help=_text)(_named_only)

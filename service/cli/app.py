"""All commands, in the order of the help."""

from __future__ import annotations

import typer

from service.cli import check, dead_letters, demo, events, ledger, run, schema, simulator
from service.cli.context import ConfigOption

app = typer.Typer(
    name="shiftwire",
    help="Every schedule change in Protime, delivered.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _root(config: ConfigOption = None) -> None:
    """`--config` may stand before or after the command."""


app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("serve")(run.serve)
app.command("work")(run.work)
app.command("schedule")(run.schedule)
app.command("check")(check.check)
app.add_typer(events.app, name="events")
app.add_typer(dead_letters.app, name="dead-letters")
app.command("ledger")(ledger.ledger)
app.command("simulator")(simulator.simulator)
app.command("schema")(schema.schema)

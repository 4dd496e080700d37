"""`ledger`: the sum of all promises."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import typer
from rich.table import Table

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.failures import FAILURE
from service.cli.options import ConfigOption, JsonOption
from workers.store import Store
from workers.store.ledger import Row

COLUMNS = ("received", "delivered", "filtered", "superseded", "rejected", "dead_lettered", "in_flight")


def ledger(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """What was received, and where all of it is.

    received = delivered + filtered + superseded + rejected + dead-lettered + in flight, per tenant and sink. Exit code 1
    when that does not balance.
    """
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> list[Row]:
        return await store.ledger.rows(loaded.sinks)

    rows = with_store(loaded, read)
    if as_json:
        screen.print_json([{**dataclasses.asdict(r), "balanced": r.balanced} for r in rows])
    else:
        screen.console().print(table(rows))
    if not all(row.balanced for row in rows):
        raise typer.Exit(FAILURE)


def table(rows: Iterable[Row]) -> Table:
    """The ledger for people."""
    shown = screen.table("tenant", "sink")
    for name in COLUMNS:
        shown.add_column(name.replace("_", " "), justify="right")
    shown.add_column("balanced")
    for row in rows:
        figures = [f"{getattr(row, name):,}" for name in COLUMNS]
        shown.add_row(row.tenant, row.sink, *figures, "yes" if row.balanced else f"NO ({row.imbalance:+d})")
    return shown

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

#: Room for a line with figures of seven digits.
_LINE_WIDTH = 125


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
        output = screen.Output()
        output.print_table(table(rows, output.width))
    if not all(row.balanced for row in rows):
        raise typer.Exit(FAILURE)


def table(rows: Iterable[Row], width: int) -> Table:
    """The ledger for people: a line for each sink, or a column where the terminal has no room for the lines."""
    return _lines(rows) if width >= _LINE_WIDTH else _columns(list(rows))


def _lines(rows: Iterable[Row]) -> Table:
    shown = screen.table("tenant", "sink")
    for name in (*COLUMNS, "balanced"):
        shown.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        shown.add_row(row.tenant, row.sink, *_figures(row))
    return shown


def _columns(rows: list[Row]) -> Table:
    shown = screen.table("")
    for row in rows:
        shown.add_column(f"{row.tenant} {row.sink}", justify="right", overflow="fold")
    for name, *figures in zip((*COLUMNS, "balanced"), *map(_figures, rows), strict=True):
        shown.add_row(name.replace("_", " "), *figures)
    return shown


def _figures(row: Row) -> list[str]:
    balanced = "yes" if row.balanced else f"NO ({row.imbalance:+d})"
    return [*(f"{getattr(row, name):,}" for name in COLUMNS), balanced]

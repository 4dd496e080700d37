"""`ledger`: the sum of all promises."""

from __future__ import annotations

import dataclasses
import json

import typer
from rich.console import Console
from rich.table import Table

from service.cli.context import ConfigOption, JsonOption, configuration, with_store
from workers.store import Store
from workers.store.ledger import Row

COLUMNS = ("received", "delivered", "filtered", "superseded", "rejected", "dead_lettered", "in_flight")


def ledger(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """received = delivered + filtered + superseded + rejected + dead-lettered + in flight, per tenant and sink.

    Exit code 1 when it does not balance.
    """
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> list[Row]:
        return await store.ledger.rows(loaded.sinks)

    rows = with_store(loaded, read)
    if as_json:
        print(json.dumps([{**dataclasses.asdict(r), "balanced": r.balanced} for r in rows], indent=2))
    else:
        Console().print(table(rows))
    if not all(row.balanced for row in rows):
        raise typer.Exit(1)


def table(rows: list[Row]) -> Table:
    """The ledger for people."""
    shown = Table("tenant", "sink")
    for name in COLUMNS:
        shown.add_column(name.replace("_", " "), justify="right")
    shown.add_column("balanced")
    for row in rows:
        figures = [f"{getattr(row, name):,}" for name in COLUMNS]
        shown.add_row(row.tenant, row.sink, *figures, "yes" if row.balanced else f"NO ({row.imbalance:+d})")
    return shown

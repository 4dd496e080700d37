"""`sinks`: which sinks take events, and what waits for those that do not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import typer

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.options import ConfigOption, JsonOption
from workers.store import Store
from workers.store.sink_states import SinkState


def sinks(context: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Which sinks take events, and what waits for the others.

    Closed: the sink takes events. Open: it is away. Half-open: it is being tried.
    """
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> list[SinkState]:
        return await store.sink_states.all()

    found = with_store(loaded, read)
    if as_json:
        screen.print_json([as_dict(state) for state in found])
    else:
        _print_table(found)


def as_dict(state: SinkState) -> dict[str, Any]:
    """`since`, `reason` and `next_try` are null for a sink whose breaker is closed."""
    times = {"since": _at(state.since), "next_try": _at(state.next_try)}
    budget = round(state.budget_used, 4)
    return {**asdict(state), **times, "reason": state.reason or None, "budget_used": budget}


def _at(seconds: float) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds") if seconds else None


def _print_table(found: list[SinkState]) -> None:
    table = screen.table("sink", "state", "since", "reason", "failed tries", "next try", "budget used")
    for name in ("parked", "dead letters", "lag"):
        table.add_column(name, justify="right")
    for x in found:
        figures = (f"{n:,}" for n in (x.parked, x.dead_lettered, x.lag))
        table.add_row(
            x.sink,
            x.state,
            _local(x.since),
            x.reason or "-",
            str(x.attempts),
            _local(x.next_try),
            f"{x.budget_used:.0%}",
            *figures,
        )
    screen.Output().print_table(table)


def _local(seconds: float) -> str:
    """In the time zone of whoever looks: a sink belongs to no tenant."""
    if not seconds:
        return "-"
    return f"{datetime.fromtimestamp(seconds, UTC).astimezone():%Y-%m-%d %H:%M:%S}"

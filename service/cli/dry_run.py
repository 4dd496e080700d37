"""`dry-run`: how many of the last days' events a sink's filter would let through. Nothing is sent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.options import ConfigOption, JsonOption
from workers.config import Config
from workers.sinks.base import Filter
from workers.sinks.filters import matches
from workers.store import Store

SinkArgument = Annotated[
    str, typer.Argument(metavar="SINK", help="A sink of the configuration; it need not run yet.")
]
#: A hundred years: more than any log holds.
_MOST_DAYS = 36_500.0

Days = Annotated[
    float,
    typer.Option(min=0.0, max=_MOST_DAYS, help="Events that were learned of in so many days."),
]


@dataclass
class Counted:
    """Events by type; `passed` are those of `seen` that the filter lets through."""

    seen: Counter[str] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)


def dry_run(
    context: typer.Context,
    sink: SinkArgument,
    config: ConfigOption = None,
    days: Days = 7.0,
    as_json: JsonOption = False,
) -> None:
    """Tries a sink's filter on the last days' events.

    Change the filter in a copy of the configuration, and try the copy with --config. Own writes are not looked at.
    """
    loaded, _ = configuration(context, config)
    wanted = _filter(loaded, sink)
    since = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="milliseconds")
    counted = with_store(loaded, lambda store: count(store, loaded, wanted, since))
    if as_json:
        screen.print_json(_as_json(sink, days, counted))
        return
    _print(sink, days, counted)


async def count(store: Store, config: Config, wanted: Filter, since: str) -> Counted:
    """`since`: an ISO 8601 time in UTC. Raises `redis.exceptions.RedisError`."""
    counted = Counted()
    for tenant in config.tenants:
        async for found in store.log.events(tenant):
            head = found.event.head
            if head.time < since:
                continue
            counted.seen[head.type] += 1
            if matches(wanted, found.event):
                counted.passed[head.type] += 1
    return counted


def _filter(config: Config, sink: str) -> Filter:
    if sink not in config.sinks:
        known = ", ".join(config.sinks)
        raise typer.BadParameter(f"there is no sink {sink}; known: {known}", param_hint="SINK")
    return config.sinks[sink].filter


def _as_json(sink: str, days: float, counted: Counted) -> dict[str, object]:
    types = {name: {"seen": n, "passed": counted.passed[name]} for name, n in sorted(counted.seen.items())}
    return {
        "sink": sink,
        "days": days,
        "seen": counted.seen.total(),
        "passed": counted.passed.total(),
        "types": types,
    }


def _print(sink: str, days: float, counted: Counted) -> None:
    shown = screen.table("type")
    shown.add_column("events", justify="right")
    shown.add_column("let through", justify="right")
    for name, seen in sorted(counted.seen.items()):
        shown.add_row(name, f"{seen:,}", f"{counted.passed[name]:,}")
    output = screen.Output()
    output.print_table(shown)
    passed, seen = counted.passed.total(), counted.seen.total()
    output.print(
        f"{sink}: {passed:,} of {seen:,} events of the last {days:g} days would have been let through"
    )

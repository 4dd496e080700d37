"""`replay`: the log once more, to one sink."""

from __future__ import annotations

import asyncio
import math
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from service.cli.context import configuration, with_store
from service.cli.failures import FAILURE, INTERRUPTED, CommandFailed
from service.cli.options import ConfigOption, JsonOption
from service.cli.parameters import spread
from service.cli.replay_report import (
    print_estimate,
    print_report,
    tell_of_going_on,
    tell_of_no_worker,
    tell_of_order,
)
from workers.config import Config
from workers.replay.estimate import Estimate
from workers.replay.orders import Orders
from workers.replay.request import BadReplayRequest, ReplayOrder, ReplayRequest, checked
from workers.store import Store
from workers.store.replays import Replay, ReplayUnderWay

_POLL_SECONDS = 0.25
#: A worker that is there has begun by then, or said what it waits for.
_LATE_SECONDS = 5.0

Values = list[str] | None


@dataclass(frozen=True)
class Range:
    """What is told again. `tenant`, `type` and `collection` may be repeated: any of their values fits."""

    since: Annotated[str | None, typer.Option(metavar="T", help="Events learned at or after this time.")] = (
        None
    )
    until: Annotated[str | None, typer.Option(metavar="T", help="Events learned before this time.")] = None
    type: Annotated[Values, typer.Option(help="Only of this type; may be repeated.")] = None
    tenant: Annotated[Values, typer.Option(help="Only of this tenant; may be repeated.")] = None
    collection: Annotated[Values, typer.Option(help="Only of this collection; may be repeated.")] = None
    subject: Annotated[str | None, typer.Option(help="Only of this record, such as assignments/757085.")] = (
        None
    )


@spread
def replay(
    context: typer.Context,
    sink: Annotated[str, typer.Option(help="The sink that gets the events.", show_default=False)],
    wanted: Range,
    confirm: Annotated[bool, typer.Option("--confirm", help="Do it; without, it is counted only.")] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Also where the sink got a newer version that is not told again.")
    ] = False,
    status: Annotated[
        bool, typer.Option("--status", help="How far the newest replay of the sink is.")
    ] = False,
    cancel: Annotated[
        str | None, typer.Option(metavar="ID", help="End a replay; what it has delivered stays.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the end.")] = True,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delivers events of the log to a sink once more.

    Without --confirm nothing is delivered: it prints what would be. The events keep their ids and say `origin: replay`.
    Live traffic goes first. Ctrl-C leaves a replay running (exit code 130). Times are ISO 8601, such as 2026-03-09 or
    2026-03-09T14:00; without an offset they are the tenant's. Exit code 1 when events failed.
    """
    loaded, _ = configuration(context, config)
    job = _Job(loaded, _order(loaded, sink, wanted, force=force))
    if cancel:
        with_store(loaded, lambda store: job.cancel(store, cancel))
        print(f"cancelled {cancel}")
    elif status:
        _finish(loaded, with_store(loaded, job.newest), as_json)
    elif confirm:
        found = with_store(loaded, lambda store: job.deliver(store, wait=wait))
        _finish(loaded, found, as_json)
        if wait and found is not None and found.state == "running":
            tell_of_going_on(found)
            raise typer.Exit(INTERRUPTED)
    else:
        print_estimate(with_store(loaded, job.count), as_json=as_json)


def _order(config: Config, sink: str, wanted: Range, *, force: bool) -> ReplayOrder:
    """Raises `BadParameter`."""
    lists = {
        "type": wanted.type or (),
        "tenant": wanted.tenant or (),
        "collection": wanted.collection or (),
    }
    since, until, subject = wanted.since, wanted.until, wanted.subject
    try:
        asked = ReplayRequest(sink=sink, since=since, until=until, subject=subject, force=force, **lists)
        return checked(config, asked)
    except BadReplayRequest as error:
        option, text = error.problems[0]
        raise typer.BadParameter(text, param_hint=f"--{option}") from None


def _finish(config: Config, found: Replay | None, as_json: bool) -> None:
    if found is None:
        raise CommandFailed("there is no replay: none was ordered, or the log holds nothing")
    print_report(config, found, as_json=as_json)
    if found.counts["failed"]:
        raise typer.Exit(FAILURE)


class _Job:
    """What was asked for, at a store."""

    def __init__(self, config: Config, order: ReplayOrder) -> None:
        self._config = config
        self._order = order
        self._sink = order.sink

    async def count(self, store: Store) -> Estimate:
        return await Orders(self._config, store).count(self._order)

    async def deliver(self, store: Store, *, wait: bool) -> Replay | None:
        orders = Orders(self._config, store)
        try:
            begun = await orders.place(self._order)
        except ReplayUnderWay as error:
            raise CommandFailed(
                f"the replay {error} is under way to {self._sink}: see --status, or end it with --cancel {error}"
            ) from None
        return await self._follow(orders, begun, wait=wait) if begun else None

    async def newest(self, store: Store) -> Replay | None:
        found = await Orders(self._config, store).of(self._sink)
        return found[-1] if found else None

    async def cancel(self, store: Store, id_: str) -> None:
        if not await Orders(self._config, store).cancel(self._sink, id_):
            raise CommandFailed(f"no replay {id_} is under way to {self._sink}")

    async def _follow(self, orders: Orders, begun: Replay, *, wait: bool) -> Replay:
        # Not left to cancellation: the Redis client swallows one now and then.
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
        found, late = begun, asyncio.get_running_loop().time() + _LATE_SECONDS
        if wait:
            tell_of_order(begun)
        with _bar(self._sink) as show:
            while True:
                show(found)
                if found == begun and asyncio.get_running_loop().time() > late:
                    tell_of_no_worker()
                    late = math.inf  # said once
                if found.state != "running" or stop.is_set() or not wait:
                    return found
                await asyncio.wait([asyncio.create_task(stop.wait())], timeout=_POLL_SECONDS)
                found = await orders.find(self._sink, begun.id) or found


@contextmanager
def _bar(sink: str) -> Iterator[Callable[[Replay], None]]:
    """A progress bar on a terminal; silence in a pipe."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} events {task.fields[pause]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(f"replay to {sink}", total=1, pause="")

        def show(replay: Replay) -> None:
            pause = f"(waits: {replay.waits_for})" if replay.waits_for else ""
            bar.update(task, completed=replay.looked_at, total=replay.total, pause=pause)

        yield show

"""`dead-letters`: what could not be delivered or understood, and what to do about it."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from service.cli.context import ConfigOption, JsonOption, configuration, with_store
from service.cli.failures import CommandFailed
from workers.store import Store
from workers.store.dead_letters import DeadLetter, UnknownDeadLetter

app = typer.Typer(
    help="What could not be delivered or understood.", no_args_is_help=True, rich_markup_mode=None
)

Ids = Annotated[list[str], typer.Argument(help="Ids as `dead-letters list` prints them.")]


@app.command("list")
def list_(
    context: typer.Context,
    config: ConfigOption = None,
    sink: Annotated[str | None, typer.Option(help="Only of this sink.")] = None,
    as_json: JsonOption = False,
) -> None:
    """All dead letters. Those without a sink are changes that could not be understood."""
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> list[DeadLetter]:
        return [letter for tenant in loaded.tenants async for letter in store.dead_letters.all(tenant, sink)]

    letters = with_store(loaded, read)
    if as_json:
        print(json.dumps([as_dict(letter) for letter in letters], indent=2, ensure_ascii=False))
        return
    table = Table("id", "sink", "resource", "reason", "attempts", "last error", "at")
    for x in letters:
        table.add_row(x.id, x.sink, x.resource, x.reason, str(x.attempts), x.last_error, x.at.isoformat())
    Console().print(table)


@app.command("show")
def show(context: typer.Context, letter_id: str, config: ConfigOption = None) -> None:
    """One dead letter as JSON, with its event or its raw data."""
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> DeadLetter:
        try:
            return await store.dead_letters.get(letter_id)
        except UnknownDeadLetter:
            raise CommandFailed(f"no dead letter {letter_id}") from None

    print(json.dumps(as_dict(with_store(loaded, read)), indent=2, ensure_ascii=False))


@app.command("retry")
def retry(context: typer.Context, ids: Ids, config: ConfigOption = None) -> None:
    """Hands dead letters back to their sinks, or to the inbox. Exit code 1 if one was not there."""
    loaded, _ = configuration(context, config)

    async def hand_back(store: Store) -> list[str]:
        return [id_ for id_ in ids if not await _done(store.dead_letters.retry(id_))]

    _report("handed back", ids, with_store(loaded, hand_back))


@app.command("purge")
def purge(context: typer.Context, ids: Ids, config: ConfigOption = None) -> None:
    """Forgets dead letters; in the ledger they stay counted. Exit code 1 if one was not there."""
    loaded, _ = configuration(context, config)

    async def forget(store: Store) -> list[str]:
        return [id_ for id_ in ids if not await _done(store.dead_letters.purge(id_))]

    _report("purged", ids, with_store(loaded, forget))


async def _done(what: Any) -> bool:
    try:
        await what
    except UnknownDeadLetter:
        return False
    return True


def _report(verb: str, ids: list[str], unknown: list[str]) -> None:
    print(f"{len(ids) - len(unknown)} {verb}")
    if unknown:
        raise CommandFailed(f"no such dead letter: {', '.join(unknown)}")


def as_dict(letter: DeadLetter) -> dict[str, Any]:
    """The shape of the design: `{id, sink, reason, attempts, last_error, at, event}`, and `raw` where there is no event."""
    shown: dict[str, Any] = {
        "id": letter.id,
        "sink": letter.sink or None,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "last_error": letter.last_error or None,
        "at": letter.at.isoformat(),
        "event": letter.event.as_dict() if letter.event else None,
    }
    return shown if letter.event else {**shown, "raw": letter.raw.decode(errors="replace")}

"""`dead-letters`: what could not be delivered or understood, and what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.dead_letter_choice import NO_SINK, Choice, known_sink, sink_named
from service.cli.dead_letter_report import Result, print_result
from service.cli.failures import CommandFailed
from service.cli.options import ConfigOption, JsonOption
from service.cli.parameters import spread
from workers.config import Config
from workers.handing_back import HandingBack, NotHandedBack
from workers.store import Store
from workers.store.dead_letters import DeadLetter, UnknownDeadLetter

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)

ForceOption = Annotated[bool, typer.Option("--force", help="Also where the sink got a newer version.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Says what would be done, and does nothing.")]


@app.callback()
def group(config: ConfigOption = None) -> None:
    """What could not be delivered or understood."""


@app.command("list")
def list_(
    context: typer.Context,
    config: ConfigOption = None,
    sink: Annotated[
        str | None, typer.Option(metavar="SINK", help="Only of this sink; -: those that have none.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """All dead letters. Those without a sink are changes that could not be understood."""
    loaded, _ = configuration(context, config)

    wanted = sink_named(sink)

    async def read(store: Store) -> list[DeadLetter]:
        return [
            letter for tenant in loaded.tenants async for letter in store.dead_letters.all(tenant, wanted)
        ]

    letters = with_store(loaded, read)
    if not letters:  # those of a sink that is no longer configured are there to be looked at
        known_sink(loaded, sink)
    if as_json:
        screen.print_json([as_dict(letter) for letter in letters])
    else:
        _print_table(loaded, letters)


def _print_table(config: Config, letters: list[DeadLetter]) -> None:
    if not letters:
        print("no dead letters")
        return
    table = screen.table("id", "sink", "resource", "reason", "attempts", "last error", "at")
    for x in letters:
        at = screen.local(x.at, screen.zone(config, tenant_of(x)))
        table.add_row(x.id, x.sink or NO_SINK, x.resource, x.reason, str(x.attempts), x.last_error, at)
    screen.Output().print_table(table)


@app.command("show")
def show(
    context: typer.Context,
    letter_id: Annotated[str, typer.Argument(metavar="ID", help="As `dead-letters list` prints it.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """One dead letter with its event or its raw data."""
    loaded, _ = configuration(context, config)

    async def read(store: Store) -> DeadLetter:
        try:
            return await store.dead_letters.get(letter_id)
        except UnknownDeadLetter:
            raise CommandFailed(f"no dead letter {letter_id}") from None

    letter = with_store(loaded, read)
    raw = {} if letter.event else {"raw": letter.raw.decode(errors="replace")}
    if as_json:
        screen.print_json({**as_dict(letter), **raw})
    else:
        _print_letter(loaded, letter, raw)


def _print_letter(config: Config, letter: DeadLetter, raw: dict[str, str]) -> None:
    at = screen.local(letter.at, screen.zone(config, tenant_of(letter)))
    facts = {**as_dict(letter), "resource": letter.resource, "at": at, **raw}
    for name, value in facts.items():
        if name != "event" and value is not None:
            print(f"{name.replace('_', ' '):<11} {value}")
    if letter.event:
        screen.print_json(letter.event.as_dict())


@app.command("retry")
@spread
def retry(
    context: typer.Context,
    choice: Choice,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> None:
    """Hands dead letters back to their sinks, or to the inbox. Exit code 1 if one was not there, or stays.

    They are named by ids, or chosen by --sink, --reason or --all and then counted: --confirm does it.
    A letter stays when the sink got a newer version of its record, or is not configured.
    """
    loaded, _ = configuration(context, config)
    choice.check()
    did = choice.does(dry_run=dry_run)

    async def hand_back(store: Store) -> Result:
        back = HandingBack(loaded, store.dead_letters, force=force)
        return await _each(loaded, store, choice, lambda id_: back.retry(id_, do=did))

    print_result(with_store(loaded, hand_back), "handed back", did=did, dry_run=dry_run, as_json=as_json)


@app.command("purge")
@spread
def purge(
    context: typer.Context,
    choice: Choice,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Forgets dead letters; in the ledger they stay counted. Exit code 1 if one was not there.

    They are named by ids, or chosen by --sink, --reason or --all and then counted: --confirm does it.
    """
    loaded, _ = configuration(context, config)
    choice.check()
    did = choice.does(dry_run=dry_run)

    async def forget(store: Store) -> Result:
        letters = store.dead_letters
        return await _each(loaded, store, choice, letters.purge if did else letters.get)

    print_result(with_store(loaded, forget), "purged", did=did, dry_run=dry_run, as_json=as_json)


async def _each(
    config: Config, store: Store, choice: Choice, do: Callable[[str], Awaitable[object]]
) -> Result:
    """One after another: what cannot be done with one keeps nobody from the next."""
    chosen = [] if choice.ids else await choice.letters(config, store)
    result = Result(chosen)
    for id_ in choice.ids or [letter.id for letter in chosen]:
        try:
            await do(id_)
            result.done.append(id_)
        except UnknownDeadLetter:
            result.unknown.append(id_)
        except NotHandedBack as error:
            result.stay[id_] = str(error)
    return result


def tenant_of(letter: DeadLetter) -> str:
    return letter.id.rsplit(".", 2)[0]


def as_dict(letter: DeadLetter) -> dict[str, Any]:
    """The shape of the design. `sink` and `event` are null for a change that could not be understood."""
    return {
        "id": letter.id,
        "sink": letter.sink or None,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "last_error": letter.last_error or None,
        "at": letter.at.isoformat(),
        "event": letter.event.as_dict() if letter.event else None,
    }

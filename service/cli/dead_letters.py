"""`dead-letters`: what could not be delivered or understood, and what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Annotated, Any

import typer

from service.cli import screen
from service.cli.context import configuration, with_store
from service.cli.failures import CommandFailed
from service.cli.options import ConfigOption, JsonOption
from workers.config import Config
from workers.handing_back import HandingBack, NotHandedBack
from workers.store import Store
from workers.store.dead_letters import DeadLetter, UnknownDeadLetter

app = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False
)

Ids = Annotated[list[str], typer.Argument(help="Ids as `dead-letters list` prints them.", show_default=False)]
ForceOption = Annotated[bool, typer.Option("--force", help="Also where the sink got a newer version.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Says what would be done, and does nothing.")]
_NONE: Mapping[str, str] = {}


@app.callback()
def group(config: ConfigOption = None) -> None:
    """What could not be delivered or understood."""


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
    if not letters:  # those of a sink that is no longer configured are there to be looked at
        _known(loaded, sink)
    if as_json:
        screen.print_json([as_dict(letter) for letter in letters])
    else:
        _print_table(loaded, letters)


def _known(config: Config, sink: str | None) -> None:
    """Raises BadParameter."""
    if sink and sink not in config.sinks:
        raise typer.BadParameter(
            f"there is no sink {sink}; known: {', '.join(config.sinks)}", param_hint="--sink"
        )


def _print_table(config: Config, letters: list[DeadLetter]) -> None:
    if not letters:
        print("no dead letters")
        return
    table = screen.table("id", "sink", "resource", "reason", "attempts", "last error", "at")
    for x in letters:
        at = screen.local(x.at, screen.zone(config, tenant_of(x)))
        table.add_row(x.id, x.sink or "-", x.resource, x.reason, str(x.attempts), x.last_error, at)
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
def retry(
    context: typer.Context,
    ids: Ids,
    config: ConfigOption = None,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
) -> None:
    """Hands dead letters back to their sinks, or to the inbox. Exit code 1 if one was not there, or stays.

    A letter stays when the sink got a newer version of its record, or is not configured.
    """
    loaded, _ = configuration(context, config)

    async def hand_back(store: Store) -> tuple[list[str], dict[str, str]]:
        back, unknown, kept = HandingBack(loaded, store.dead_letters, force=force), list[str](), {}
        for id_ in ids:
            try:
                if not await _done(back.retry(id_, do=not dry_run)):
                    unknown.append(id_)
            except NotHandedBack as error:
                kept[id_] = str(error)
        return unknown, kept

    unknown, kept = with_store(loaded, hand_back)
    _report("would be handed back" if dry_run else "handed back", ids, unknown, kept)


@app.command("purge")
def purge(
    context: typer.Context, ids: Ids, config: ConfigOption = None, dry_run: DryRunOption = False
) -> None:
    """Forgets dead letters; in the ledger they stay counted. Exit code 1 if one was not there."""
    loaded, _ = configuration(context, config)
    if dry_run:
        _report("would be purged", ids, with_store(loaded, _missing(ids)))
        return

    async def forget(store: Store) -> list[str]:
        return [id_ for id_ in ids if not await _done(store.dead_letters.purge(id_))]

    _report("purged", ids, with_store(loaded, forget))


def _missing(ids: list[str]) -> Callable[[Store], Coroutine[Any, Any, list[str]]]:
    """Those of the ids that no dead letter has."""

    async def look(store: Store) -> list[str]:
        return [id_ for id_ in ids if not await _done(store.dead_letters.get(id_))]

    return look


async def _done(what: Awaitable[object]) -> bool:
    try:
        await what
    except UnknownDeadLetter:
        return False
    return True


def _report(verb: str, ids: list[str], unknown: list[str], kept: Mapping[str, str] = _NONE) -> None:
    """`kept`: why each of these was left where it is."""
    print(f"{len(ids) - len(unknown) - len(kept)} {verb}")
    troubles = [f"{id_} stays: {reason}" for id_, reason in kept.items()]
    if unknown:
        troubles.append(f"no such dead letter: {', '.join(unknown)}")
    if troubles:
        raise CommandFailed("\n".join(troubles))


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

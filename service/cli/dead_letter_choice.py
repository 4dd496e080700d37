"""Which dead letters `retry` and `purge` are about: named by their ids, or chosen by what they have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from workers.config import Config
from workers.store import Store
from workers.store.dead_letters import DeadLetter

#: How the list shows that a letter has no sink: it could not be understood.
NO_SINK = "-"


@dataclass(frozen=True)
class Choice:
    """Ids are taken at their word; what is chosen otherwise is counted first, and done with `confirm`."""

    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID", help="Ids as `dead-letters list` prints them.", show_default=False),
    ] = None
    sink: Annotated[
        str | None, typer.Option(metavar="SINK", help="All of this sink; -: those that have none.")
    ] = None
    reason: Annotated[
        str | None, typer.Option(metavar="TEXT", help="All whose reason or last error has this text.")
    ] = None
    all_: Annotated[bool, typer.Option("--all", help="All there are.")] = False
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm", help="Do it with what was chosen without ids; without, it is counted only."
        ),
    ] = False

    def check(self) -> None:
        """Raises BadParameter for none, and for ids and options together."""
        by_options = self.all_ or self.sink is not None or self.reason is not None
        if self.ids and by_options:
            raise typer.BadParameter("name ids, or choose by --sink, --reason or --all, but not both")
        if not self.ids and not by_options:
            raise typer.BadParameter("name ids, or choose by --sink, --reason or --all")
        if self.all_ and (self.sink is not None or self.reason is not None):
            raise typer.BadParameter("--all stands alone: --sink and --reason choose some")

    def does(self, *, dry_run: bool) -> bool:
        return not dry_run and (bool(self.ids) or self.confirm)

    async def letters(self, config: Config, store: Store) -> list[DeadLetter]:
        """What the options choose, tenant by tenant, oldest first in each partition. Raises BadParameter, `RedisError`."""
        wanted = sink_named(self.sink)
        found = [
            letter
            for tenant in config.tenants
            async for letter in store.dead_letters.all(tenant, wanted)
            if self._has_reason(letter)
        ]
        if not found:  # a sink that is no longer configured may have left some
            known_sink(config, self.sink)
        return found

    def _has_reason(self, letter: DeadLetter) -> bool:
        if self.reason is None:
            return True
        return any(self.reason.lower() in text.lower() for text in (letter.reason, letter.last_error))


def sink_named(name: str | None) -> str | None:
    return "" if name == NO_SINK else name


def known_sink(config: Config, name: str | None) -> None:
    """Raises BadParameter."""
    if name not in (None, NO_SINK) and name not in config.sinks:
        raise typer.BadParameter(
            f"there is no sink {name}; known: {', '.join(config.sinks)}", param_hint="--sink"
        )


def counted(letters: Iterable[DeadLetter]) -> dict[tuple[str, str], int]:
    """How many by sink and reason, the most first."""
    return dict(Counter((x.sink or NO_SINK, x.reason) for x in letters).most_common())

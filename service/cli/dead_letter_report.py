"""What became of the dead letters that `retry` or `purge` was about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import typer

from service.cli import screen
from service.cli.dead_letter_choice import counted
from service.cli.failures import FAILURE, CommandFailed
from workers.store.dead_letters import DeadLetter


@dataclass
class Result:
    """`stay`: id → why it was left where it is. `chosen`: those that options chose, empty where ids were named."""

    chosen: Sequence[DeadLetter] = ()
    done: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    stay: dict[str, str] = field(default_factory=dict)

    @property
    def troubles(self) -> list[str]:
        listed = [f"{id_} stays: {reason}" for id_, reason in self.stay.items()]
        return listed + ([f"no such dead letter: {', '.join(self.unknown)}"] if self.unknown else [])


def print_result(result: Result, verb: str, *, did: bool, dry_run: bool, as_json: bool) -> None:
    """`verb`: such as `purged`. Raises CommandFailed, or `Exit` after JSON, when some were not there, or stay."""
    if as_json:
        _print_json(result, verb, did=did)
        return
    for (sink, reason), number in counted(result.chosen).items():
        print(f"{number:>9,}  {sink}  {reason}")
    print(f"{len(result.done)} {verb if did else f'would be {verb}'}")
    if not did and not dry_run:
        print("Nothing was done: that takes --confirm.")
    if result.troubles:
        raise CommandFailed("\n".join(result.troubles))


def _print_json(result: Result, verb: str, *, did: bool) -> None:
    screen.print_json(
        {
            "confirmed": did,
            verb.replace(" ", "_"): result.done,
            "unknown": result.unknown,
            "stay": [{"id": id_, "reason": reason} for id_, reason in result.stay.items()],
        }
    )
    if result.troubles:
        raise typer.Exit(FAILURE)

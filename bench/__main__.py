"""`python -m bench [--quick] [--rounds N] [--json FILE]`: one run, one table, one JSON; docs/bench.md explains the rows.

Rounds are interleaved, so that all meet the same noise; every figure of the tables is the middle of its rounds.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console

from bench import accept, ceilings, environment, first_load, scale
from bench.candidates import CANDIDATES
from bench.summary import summary
from bench.table import doubts, show
from bench.targets import verdicts
from bench.trial import Sizes, trial

RESULTS = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True)
class Run:
    """`scale_changes` 0: the cost at very many tracked assignments is left out; without `loads` first loads are.

    `loads`: the records of a small one and of a large one.
    """

    rounds: int
    ceiling_seconds: float
    accept_seconds: float
    scale_changes: int
    sizes: Sizes = field(default_factory=Sizes)
    loads: tuple[int, int] | None = None


QUICK = Run(1, 1.0, 1.5, 0, Sizes(through=2000, backlog=1500, latency_seconds=3.0, idle_seconds=4.0))
FULL = Run(
    2,
    1.5,
    2.0,
    3000,
    Sizes(through=5000, backlog=3000, latency_seconds=8.0, idle_seconds=8.0, killed=1500),
    loads=(10_000, 100_000),
)
TINY = Run(
    1,
    0.3,
    0.3,
    200,
    Sizes(50, 200, 200, delta_backlog=400, latency_seconds=1.0, burst=500, idle_seconds=1.0, killed=300),
    loads=(300, 1_000),
)


def measured(run: Run, console: Console) -> dict[str, Any]:
    rounds = []
    for number in range(1, run.rounds + 1):
        console.print(f"round {number} of {run.rounds}: ceilings and receivers")
        one: dict[str, Any] = {"ceilings": ceilings.measured(run.ceiling_seconds)}
        one["accepted"] = accept.measured(run.accept_seconds)
        one["trials"] = {}
        for candidate in CANDIDATES:
            console.print(f"round {number} of {run.rounds}: {candidate.what}")
            one["trials"][candidate.name] = uvloop.run(trial(candidate, run.sizes))
        rounds.append(one)
    figures = summary(rounds)
    if run.scale_changes:
        console.print("very many tracked assignments")
        figures["scale"] = uvloop.run(scale.measured(run.scale_changes))
    if run.loads:
        console.print("first loads")
        figures["first_load"] = first_load.measured(*run.loads)
    return {"figures": figures, "rounds": rounds}


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def chosen(arguments: list[str]) -> tuple[Run, Path]:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_const", const=QUICK, dest="run", help="about three minutes")
    size.add_argument("--tiny", action="store_const", const=TINY, dest="run", help="does it work at all?")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures go")
    given = parser.parse_args(arguments)
    return given.run or FULL, given.json


def main() -> None:
    run, file = chosen(sys.argv[1:])
    console, began = Console(stderr=True), time.monotonic()
    environment.python()
    before = machine()
    result = measured(run, console)
    found = verdicts(result["figures"])
    doubt = doubts(result["figures"], before["load"][0], before["cores"])
    result |= {"machine": before, "load_after": os.getloadavg(), "doubts": doubt}
    result["targets"] = [each.as_dict() for each in found]
    file.write_text(json.dumps(result, indent=2), encoding="utf-8")
    show(Console(width=None if sys.stdout.isatty() else 160), result["figures"], found)
    for sentence in doubt:
        console.print(f"[yellow]{sentence}[/]")
    console.print(f"{time.monotonic() - began:.0f} s; all figures in {file}")


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()

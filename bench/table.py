"""The tables of a run for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.candidates import CANDIDATES
from bench.ceilings import APPENDS
from bench.targets import Figures, Verdict

_COLUMNS = (
    "accepted/s",
    "changes/s",
    "from a backlog",
    "at 100/s p50",
    "p99",
    "at half p50",
    "p99",
    "CPU s/1,000",
    "peak MB",
    "lost",
    "doubled",
)
_TITLE = "Each way, middle of the rounds; latency from accept to sink in ms"
#: Load for each core, and appends a second, beyond which the figures are doubtful.
_BUSY, _SLOW_DISK = 0.3, 2000
_STYLES = {"reached": "green", "not reached": "red", "not measured": "dim"}


def show(console: Console, figures: Figures, found: Sequence[Verdict]) -> None:
    console.print(_ceilings(figures["ceilings"]), _candidates(figures))
    if all("killed" in trial for trial in figures["trials"].values()):
        console.print(_kills(figures["trials"]))
    console.print(_targets(found), *_reasons(found), sep="\n")


def doubts(figures: Figures, load: float, cores: int) -> list[str]:
    """Why the figures of this run say little about the ways."""
    found = []
    if load > cores * _BUSY:
        found.append(f"The machine was busy before the run began: load {load:.1f} on {cores} cores.")
    if (appends := figures["ceilings"][APPENDS]) < _SLOW_DISK:
        found.append(f"The disk did only {appends:,.0f} appends a second: it is the disk that was measured.")
    return found


def _ceilings(ceilings: Mapping[str, float]) -> Table:
    table = Table("ceiling", title="What nothing can be faster than", title_justify="left")
    table.add_column("a second", justify="right")
    for name, rate in ceilings.items():
        table.add_row(name, f"{rate:,.0f}")
    return table


def _candidates(figures: Figures) -> Table:
    table = Table("way", title=_TITLE, title_justify="left")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for candidate in CANDIDATES:
        trial = figures["trials"][candidate.name]
        table.add_row(candidate.name, *_row(trial, figures["accepted"].get(candidate.name)))
    return table


def _row(trial: Mapping[str, Any], accepted: float | None) -> list[str]:
    through = trial.get("through")
    cost = through or trial["backlog"]
    waits = [
        trial[phase]["accept_to_sink_ms"][part] for phase in ("steady", "half") for part in ("p50", "p99")
    ]
    return [
        f"{accepted:,.0f}" if accepted else "",
        f"{through['per_second']:,.0f}" if through else "",
        f"{trial['backlog']['per_second']:,.0f}",
        *(f"{wait:,.1f}" for wait in waits),
        f"{cost['cpu_seconds_per_1000']:.2f}",
        f"{trial['peak_mb']:,.0f}",
        str(trial["lost"]),
        str(trial["doubled"]),
    ]


def _kills(trials: Mapping[str, Any]) -> Table:
    table = Table("way", title="kill -9 of the worker half way, started again at once", title_justify="left")
    for column in ("changes", "missing after 20 s", "doubled", "s to go on"):
        table.add_column(column, justify="right")
    for name, trial in trials.items():
        killed = trial["killed"]
        counts = (str(killed[what]) for what in ("changes", "missing", "doubled"))
        table.add_row(name, *counts, f"{killed['again_seconds']:.1f}")
    return table


def _reasons(found: Sequence[Verdict]) -> list[str]:
    """Why lines were not reached; lines with the same reason together."""
    lines: dict[str, list[str]] = {}
    for verdict in found:
        if verdict.word == "not reached" and verdict.target.why:
            lines.setdefault(verdict.target.why, []).append(verdict.target.what)
    return [f"Not reached ({'; '.join(names)}): {why}" for why, names in lines.items()]


def _targets(found: Sequence[Verdict]) -> Table:
    table = Table("what", title="What must be reached", title_justify="left")
    table.add_column("limit", justify="right")
    table.add_column("measured", justify="right")
    table.add_column("")
    for verdict in found:
        sign = "≤" if verdict.target.most else "≥"
        measured = "" if verdict.value is None else f"{verdict.value:,.2f}"
        word = f"[{_STYLES[verdict.word]}]{verdict.word}[/]"
        table.add_row(verdict.target.what, f"{sign} {verdict.target.limit:g}", measured, word)
    return table

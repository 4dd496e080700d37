"""What the demo shows: a line for each action and each event, and a summary."""

from __future__ import annotations

from collections import Counter
from datetime import date, tzinfo

from rich.text import Text

from service.cli import screen
from service.cli.demo_days import Days
from service.cli.demo_installation import Figures
from service.cli.demo_setup import COLLECTIONS, Setup
from service.cli.demo_verdict import Evidence, spread
from service.cli.ledger import table as ledger_table
from workers.events import Event
from workers.sinks.console import line


class Screen:
    """Lines are whole whatever the width; colours on a terminal only. `zone` is where the people are."""

    def __init__(self, zone: tzinfo) -> None:
        self._output = screen.Output()
        self._zone = zone

    def note(self, text: str) -> None:
        self._output.print(text, style="dim")

    def began(self, setup: Setup, events: int) -> None:
        self.note(
            f"webhooks for {', '.join(COLLECTIONS)} are in place, {events} event(s) from before have arrived"
        )
        self.note(
            f"{setup.people} people, seed {setup.seed}, service at {setup.service}, simulator at {setup.simulator}"
        )

    def day(self, day: date) -> None:
        self._output.print(f"{day:%A %d %B %Y}", style="bold")

    def action(self, text: str) -> None:
        """What somebody did, at the simulated time of day."""
        self._output.print(text)

    def event(self, event: Event) -> None:
        self._output.print(Text.assemble(("    -> ", "dim"), line(event.head, self._zone)))

    def summary(self, figures: Figures, evidence: Evidence, days: Days) -> None:
        seen = evidence.seen
        self._output.print()
        self._fact(
            "planners and people", f"{days.done} actions, {days.refused} refused{_listed(days.actions)}"
        )
        self._fact("notifications received", str(figures.notifications))
        self._fact("events at the sink", f"{len(seen.ids)} about {len(seen.last)} records")
        for collection in COLLECTIONS:
            self._fact(f"  {collection}", _listed(_of(collection, seen.meanings), start="") or "none")
        self._fact("API calls by Shiftwire", f"{figures.calls.total()}{_listed(by_purpose(figures.calls))}")
        self._fact("from Protime to the sink", f"{spread(figures.latencies)} (last change of each record)")
        self._fact("from acceptance to the sink", f"{spread(seen.delays)} (every event)")
        self._fact("order at the sink", f"{seen.duplicates} duplicates, {seen.reordered} out of order")
        for name in figures.died:
            self._fact("died, and started again", name)
        self._output.print()
        self._output.print(ledger_table(evidence.rows, self._output.width), soft_wrap=False)
        self._output.print()

    def _fact(self, name: str, text: str) -> None:
        self._output.print(Text.assemble((f"{name:<28} ", "bold"), text))

    def verdict(self, found: list[str]) -> None:
        if not found:
            self._output.print(
                "All good: the ledger balances, every signature was right, and the sink knows every record as Protime does.",
                style="bold green",
            )
        for problem in found:
            self._output.print(f"NOT GOOD: {problem}", style="bold red")


def _of(collection: str, meanings: Counter[str]) -> Counter[str]:
    start = f"{collection} "
    return Counter({name.removeprefix(start): n for name, n in meanings.items() if name.startswith(start)})


def _listed(counts: Counter[str], start: str = ": ") -> str:
    return f"{start}{', '.join(f'{n} {name}' for name, n in counts.most_common())}" if counts else ""


def by_purpose(calls: Counter[str]) -> Counter[str]:
    """`GET /delta/assignments` and the like, under what they are for."""
    purposes: Counter[str] = Counter()
    for route, number in calls.items():
        if "/webhooks" in route:
            purposes["about webhooks"] += number
        elif "/delta/" in route:
            purposes["of deltas"] += number
        else:
            purposes["of single records" if "{id}" in route else "of lists"] += number
    return purposes

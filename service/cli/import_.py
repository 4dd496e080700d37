"""`import`: records from a file, for the command groups that have it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.cli import screen, waiting
from service.cli.at_protime import with_protime
from service.cli.failures import FAILURE, INTERRUPTED, CommandFailed
from workers.config import Config
from workers.imports.columns import BadColumns
from workers.imports.importing import OUTCOMES, Importing, Outcome
from workers.imports.journal import Damaged, InUse, Journal, beside, read_steps
from workers.imports.plan import Job, plan
from workers.imports.rows import Unreadable, read
from workers.protime import BODIES, Protime, ProtimeError
from workers.store.connect import StoreUnreachable

InputArgument = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        exists=True,
        dir_okay=False,
        help="A CSV whose first line names properties, or JSON lines.",
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Check every row, and send nothing.", show_default=False)
]


def import_into(
    collection: str, config: Config, tenant: str, file: Path, *, dry_run: bool, as_json: bool
) -> None:
    """Creates a record for each row that has none yet. Exit code 1 when a row failed.

    What was done stands in a journal beside the file, so that an import that was interrupted goes on.
    """
    target = f"{config.tenants[tenant].base_url}/{tenant}/{collection}"
    stopped: BaseException | None = None
    try:
        rows = read(file, BODIES[collection])
        found = [Outcome(row.line, "failed", reason="; ".join(row.mistakes)) for row in rows if row.mistakes]
        if dry_run:
            found += _would(plan(rows, read_steps(beside(file), target)))
        else:
            with Journal(beside(file), target) as journal:
                jobs = plan(rows, journal.steps)
                found += _before(jobs)
                stopped = _send(collection, config, tenant, jobs, journal, found)
    except (BadColumns, Unreadable, Damaged, InUse, OSError) as error:
        raise CommandFailed(f"{file}: {error}") from None
    print_report(len(rows), sorted(found), as_json)
    if stopped is not None:
        print("Stopped before the end. The same command goes on from here.", file=sys.stderr)
        if isinstance(stopped, KeyboardInterrupt):
            raise typer.Exit(INTERRUPTED)
        raise stopped
    if any(outcome.outcome == "failed" for outcome in found):
        raise typer.Exit(FAILURE)


def _would(jobs: Sequence[Job]) -> list[Outcome]:
    return [*_before(jobs), *(Outcome(job.row.line, "good") for job in jobs if not job.done)]


def _before(jobs: Sequence[Job]) -> list[Outcome]:
    return [Outcome(j.row.line, "created before", j.known.id) for j in jobs if j.known is not None and j.done]


def _send(
    collection: str, config: Config, tenant: str, jobs: Sequence[Job], journal: Journal, found: list[Outcome]
) -> BaseException | None:
    """Adds what becomes of each row to `found`; what stopped the import, Ctrl-C too, None at its end."""
    left = [job for job in jobs if not job.done]
    if not left:
        return None
    with _progress(f"importing {collection}", len(left)) as advance:

        def tell(outcome: Outcome) -> None:
            found.append(outcome)
            advance()

        async def work(client: Protime) -> None:
            await Importing(client, collection, journal, tell, waits=waiting.tell).run(left)

        try:
            # An import waits by itself: it knows what was sent, and what is in doubt.
            with_protime(config, tenant, work, reads=collection, writes=collection)
        except (ProtimeError, StoreUnreachable, KeyboardInterrupt) as error:
            return error
    return None


@contextmanager
def _progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, and nothing elsewhere; call what it gives after each row."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def print_report(rows: int, outcomes: Sequence[Outcome], as_json: bool) -> None:
    """A line for each row that failed, and a summary; in JSON all rows."""
    counts = Counter(outcome.outcome for outcome in outcomes)
    if as_json:
        results = [{n: v for n, v in o._asdict().items() if v not in (None, "")} for o in outcomes]
        summary = {kind.replace(" ", "_"): counts[kind] for kind in OUTCOMES}
        screen.print_json({"rows": rows, **summary, "results": results})
        return
    for outcome in outcomes:
        if outcome.outcome == "failed":
            print(f"line {outcome.line}: {outcome.reason}")
    shown = [f"{counts[kind]} {kind}" for kind in OUTCOMES if counts[kind]]
    print(
        f"{rows} row(s): {', '.join(shown) or 'nothing to do'}{'; nothing was sent' * bool(counts['good'])}"
    )

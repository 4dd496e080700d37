"""The failure table: cause → effect → what the system does → figures → test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.prove.fault import Fault
from tests.prove.verdict import Verdict

PAGE = Path(__file__).parents[2] / "docs" / "failures.md"

HEAD = """# What can fail, and what happens then

Written by `make prove`: each fault meets a whole installation (two workers, receiver, scheduler, Redis with an fsync on every
append) in the middle of about a hundred changes a second, at random moments (seeded). **Lost**: accepted changes that never
came, and resources whose last state is wrong at the sink. **Doubled**: deliveries that repeated an event, per million; the
id tells. **Reordered**: events after a newer one of their resource. **Flow**: seconds from the end of the cause until new
records of all partitions were at the sink, middle and worst of all moments. The faults are in `tests/prove/`. A row stays until
its fault is tried again (`python -m tests.prove --only NAME --moments 50 --write`).

Not in the table is a store that is restored from a backup: it has forgotten what came after that. A delta goes on from the link
in the backup. Collections with `fetch: resource` are compared as a whole by themselves, and a warning says so; only when the
backup was taken less than a minute before, run `shiftwire sync` and `shiftwire reconcile` for each. Sinks get events once more
under the ids that they know. `store.partitions` must be what it was: another number is refused at the start.
"""
TABLE = """| what | cause | what of it is seen | what the system does | moments | changes | lost | doubled per million | reordered | flow s | test |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def row(fault: Fault, verdict: Verdict | str) -> str:
    words = [fault.name, fault.cause, fault.effect, fault.does]
    test = f"`{fault.test}`"
    if isinstance(verdict, str):
        said = " ".join(verdict.split()).replace("|", "\\|")
        return "| " + " | ".join([*words, f"**did not hold**: {said[:300]}", *[""] * 5, test]) + " |"
    v = verdict
    flow = f"{v.flow_median:.1f} / {v.flow_most:.1f}"
    figures = [str(n) for n in (v.moments, v.changes, v.lost, v.doubled, v.reordered)]
    return "| " + " | ".join([*words, *figures, flow, test]) + " |"


def line(fault: Fault, verdict: Verdict | str) -> str:
    """For the terminal."""
    if isinstance(verdict, str):
        return f"{fault.name}: DID NOT HOLD: {verdict}"
    v = verdict
    return (
        f"{fault.name}: {v.moments} moments, {v.changes} changes, lost {v.lost}, doubled {v.doubled} per million, "
        f"reordered {v.reordered}, full flow after {v.flow_median:.2f} s (at most {v.flow_most:.2f} s)"
    )


def rows_of(text: str) -> dict[str, str]:
    """The rows of a page, by the names of their faults."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return {name: line for line in rows if (name := line[2:].split(" | ")[0]) != "what"}


def page(groups: Mapping[str, Sequence[Fault]], rows: Mapping[str, str]) -> str:
    """A section for each group; faults that were not tried are left out."""
    parts = [
        HEAD,
        total([rows[fault.name] for faults in groups.values() for fault in faults if fault.name in rows]),
    ]
    for title, faults in groups.items():
        tried = [rows[fault.name] for fault in faults if fault.name in rows]
        if tried:
            parts.append(f"## {title}\n\n{TABLE}" + "\n".join(tried) + "\n")
    return "\n".join(parts)


def total(rows: Sequence[str]) -> str:
    """A row ends in: moments, changes, lost, doubled, reordered, flow, test."""
    figures = [[cell.strip() for cell in row.split("|")][-8:-3] for row in rows]
    held = [[int(figure) for figure in some] for some in figures if some[0].isdigit()]
    moments, changes, lost, _, reordered = ([sum(column) for column in zip(*held, strict=True)]) or [0] * 5
    return (
        f"In all: {len(rows)} faults, {moments} strikes, {changes} changes; lost {lost}, reordered {reordered}; "
        f"{len(rows) - len(held)} faults did not let all flow again.\n"
    )


def write(groups: Mapping[str, Sequence[Fault]], found: Mapping[str, Verdict | str]) -> None:
    """What was not tried this time keeps its row."""
    before = rows_of(PAGE.read_text(encoding="utf-8")) if PAGE.exists() else {}
    faults = {fault.name: fault for some in groups.values() for fault in some}
    new = {name: row(faults[name], verdict) for name, verdict in found.items()}
    PAGE.write_text(page(groups, before | new), encoding="utf-8")

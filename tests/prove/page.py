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
records of all partitions were at the sink, middle and worst of all moments. The faults are in `tests/prove/`.
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


def page(groups: Mapping[str, Sequence[Fault]], found: Mapping[str, Verdict | str]) -> str:
    """A section for each group; faults that were not tried are left out."""
    parts = [HEAD, total(found)]
    for title, faults in groups.items():
        rows = [row(fault, found[fault.name]) for fault in faults if fault.name in found]
        if rows:
            parts.append(f"## {title}\n\n{TABLE}" + "\n".join(rows) + "\n")
    return "\n".join(parts)


def total(found: Mapping[str, Verdict | str]) -> str:
    held = [verdict for verdict in found.values() if isinstance(verdict, Verdict)]
    moments, changes = sum(v.moments for v in held), sum(v.changes for v in held)
    return (
        f"In all: {len(found)} faults, {moments} strikes, {changes} changes; lost {sum(v.lost for v in held)}, reordered "
        f"{sum(v.reordered for v in held)}; {len(found) - len(held)} faults did not let all flow again.\n"
    )


def write(groups: Mapping[str, Sequence[Fault]], found: Mapping[str, Verdict | str]) -> None:
    PAGE.write_text(page(groups, found), encoding="utf-8")

"""What the demo's sink saw, and whether it is what it should have seen. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from workers.events import Event
from workers.store.ledger import Row

#: Of each kind of mistake so many are named.
_NAMED = 5


@dataclass
class Seen:
    """The books of the sink. `last` maps `collection/id` to its newest event and when that came (Unix seconds)."""

    ids: set[str] = field(default_factory=set)
    last: dict[str, tuple[Event, float]] = field(default_factory=dict)
    meanings: Counter[str] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    duplicates: int = 0
    reordered: int = 0

    def note(self, event: Event, at: float) -> None:
        head = event.head
        if head.id in self.ids:
            self.duplicates += 1
            return
        self.ids.add(head.id)
        if head.subject in self.last and head.sequence < self.last[head.subject][0].head.sequence:
            self.reordered += 1
        self.last[head.subject] = (event, at)
        self.meanings.update(f"{head.data.collection} {m}" for m in head.data.meaning or (head.data.change,))
        self.delays.append(at - datetime.fromisoformat(head.time).timestamp())


@dataclass(frozen=True)
class Evidence:
    """What is looked at in the end. `truth` maps `collection/id` to the simulator's `{changeVersion, deleted, record}`."""

    seen: Seen
    bad_signatures: int
    rows: list[Row]
    truth: Mapping[str, Mapping[str, Any]]
    archived: frozenset[str]


def problems(evidence: Evidence) -> list[str]:
    """What is wrong, a line each; nothing if all promises were kept. Duplicates are allowed."""
    seen, found = evidence.seen, list[str]()
    if evidence.bad_signatures:
        found.append(f"{evidence.bad_signatures} request(s) reached the sink with a bad signature")
    if seen.reordered:
        found.append(f"{seen.reordered} event(s) came after a later one of the same record")
    for row in evidence.rows:
        if not row.balanced:
            found.append(f"the ledger of {row.sink} does not balance: {row.imbalance:+d}")
        if row.in_flight:
            found.append(f"{row.in_flight} change(s) are still on their way to {row.sink}")
    if different := seen.ids ^ evidence.archived:
        found.append(f"{len(different)} event(s) are at one sink only, such as {min(different)}")
    return found + differences(seen, evidence.truth)


def differences(seen: Seen, truth: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Records whose last state at the sink is not the one in Protime."""
    wrong = [
        f"{subject}: {how}" for subject, entry in truth.items() if (how := _difference(seen, subject, entry))
    ]
    wrong += [
        f"{subject}: at the sink, but never in Protime" for subject in seen.last if subject not in truth
    ]
    more = [f"and {len(wrong) - _NAMED} more records"] if len(wrong) > _NAMED else []
    return wrong[:_NAMED] + more


def _difference(seen: Seen, subject: str, entry: Mapping[str, Any]) -> str:
    if subject not in seen.last:
        # Made and removed between two looks at it: nobody missed anything.
        return "" if entry["deleted"] else "never reached the sink"
    event = seen.last[subject][0].as_dict()
    if event["sequence"] != entry["changeVersion"]:
        return f"the sink has {event['sequence']}, Protime {entry['changeVersion']}"
    if entry["deleted"]:
        return "" if event["data"]["change"] == "deleted" else "deleted in Protime, not at the sink"
    known = event["data"]["resource"] or {}
    differing = [name for name, value in entry["record"].items() if known.get(name) != value]
    return f"{', '.join(differing)} differ" if differing else ""


def spread(values: Iterable[float]) -> str:
    """The middle, the slow end and the slowest, in milliseconds."""
    ranked = sorted(values)
    if not ranked:
        return "-"
    middle, slow = ranked[len(ranked) // 2], ranked[int(len(ranked) * 0.95)]
    return f"median {_ms(middle)}, 95 % within {_ms(slow)}, slowest {_ms(ranked[-1])}"


def _ms(seconds: float) -> str:
    return f"{max(0.0, seconds) * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"

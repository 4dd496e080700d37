"""What a fault did to the promises, in figures: pure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tests.e2e.promises import differences, lost, overtaken, unstable
from tests.e2e.subscriber import Event


@dataclass(frozen=True)
class Seen:
    """What Protime knows and what the sink got. `accepted`: (subject, version) → when it got a 2xx, Unix seconds.

    `deliveries`: every event that the sink took, repetitions included, in the order of arrival.
    `flowing`: after each strike, seconds from its end until new records of all partitions had arrived.
    """

    truth: dict[str, Any]
    accepted: dict[tuple[str, str], float]
    deliveries: list[Event]
    flowing: list[float]


@dataclass(frozen=True)
class Verdict:
    """`lost`: accepted versions that never came, and resources whose last state is wrong at the sink.

    `doubled`: deliveries that repeated an event, per million. `reordered`: events after a newer one of their resource, and ids
    that were not stable. `flow_median`, `flow_most`: seconds to full flow.
    """

    changes: int
    lost: int
    doubled: int
    reordered: int
    flow_median: float
    flow_most: float
    moments: int

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def holds(self) -> bool:
        return self.lost == 0 and self.reordered == 0


def judge(seen: Seen, *, every: bool, forgets: bool = False) -> Verdict:
    """`every` and `forgets`: as a `Fault` has them."""
    told = [_state_told(event) for event in seen.deliveries] if forgets else seen.deliveries
    firsts = unique(seen.deliveries)
    wrong = differences(seen.truth, {event["subject"]: event for event in firsts})
    repeated = len(seen.deliveries) - len(firsts)
    return Verdict(
        changes=len(seen.accepted),
        lost=len(lost(seen.accepted, firsts, every=every)) + len(wrong),
        doubled=round(1_000_000 * repeated / max(1, len(firsts))),
        reordered=len(overtaken(firsts)) + len(unstable(told)),
        flow_median=statistics.median(seen.flowing),
        flow_most=max(seen.flowing),
        moments=len(seen.flowing),
    )


def _state_told(event: Event) -> Event:
    """Of an event what is Protime's: not when and how it was learned, nor what was known before."""
    names, data = ("id", "subject", "sequence"), event["data"]
    return {**{name: event[name] for name in names}, "data": {n: data.get(n) for n in ("id", "resource")}}


def unique(deliveries: Sequence[Event]) -> list[Event]:
    """Each event id where it came first."""
    seen: set[str] = set()
    return [e for e in deliveries if not (e["id"] in seen or seen.add(e["id"]))]

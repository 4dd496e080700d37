"""What must be reached, and whether it was: pure functions of the figures of one run."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.accept import OURS
from bench.candidates import CANDIDATES
from bench.ceilings import EMPTY

Figures = dict[str, Any]

BASELINES = tuple(each.name for each in CANDIDATES if each.baseline)
SHIFTWIRE = tuple(each.name for each in CANDIDATES if not each.baseline)


@dataclass(frozen=True)
class Target:
    """`limit` is the least that `measured` must be, or with `most` the most. `measured` raises KeyError without its figure.

    `why`: where the limit is not reached, or not by every run, what stands in the way and what was tried.
    """

    what: str
    limit: float
    measured: Callable[[Figures], float]
    most: bool = False
    why: str = ""

    def verdict(self, figures: Figures) -> Verdict:
        try:
            value = self.measured(figures)
        except KeyError:
            return Verdict(self, None, reached=False)
        holds = operator.le if self.most else operator.ge
        return Verdict(self, value, reached=bool(holds(value, self.limit)))


@dataclass(frozen=True)
class Verdict:
    """`value` is None when this run did not measure it."""

    target: Target
    value: float | None
    reached: bool

    @property
    def word(self) -> str:
        return "not measured" if self.value is None else "reached" if self.reached else "not reached"

    def as_dict(self) -> dict[str, Any]:
        limit = {"at_most" if self.target.most else "at_least": self.target.limit}
        why = {"why": self.target.why} if self.target.why and self.word == "not reached" else {}
        return {"what": self.target.what, **limit, "measured": self.value, "verdict": self.word, **why}


def verdicts(figures: Figures) -> list[Verdict]:
    return [target.verdict(figures) for target in TARGETS]


def best_rate(figures: Figures) -> float:
    """Of any baseline, whichever way is faster for it: told and delivering at once, or draining what has piled up."""
    trials = [figures["trials"][name] for name in BASELINES]
    return float(max(each[phase]["per_second"] for each in trials for phase in ("through", "backlog")))


def _rate(name: str, phase: str = "through") -> Callable[[Figures], float]:
    return lambda figures: float(figures["trials"][name][phase]["per_second"])


def _cpu(name: str, phase: str = "through") -> Callable[[Figures], float]:
    """Beside the cheapest baseline."""

    def ratio(figures: Figures) -> float:
        costs = {n: trial for n, trial in figures["trials"].items() if n in BASELINES}
        cheapest = min(trial["through"]["cpu_seconds_per_1000"] for trial in costs.values())
        return float(figures["trials"][name][phase]["cpu_seconds_per_1000"] / cheapest)

    return ratio


def _wait(name: str, part: str, phase: str = "steady") -> Callable[[Figures], float]:
    return lambda figures: float(figures["trials"][name][phase]["accept_to_sink_ms"][part])


def _over(above: Callable[[Figures], float], below: Callable[[Figures], float]) -> Callable[[Figures], float]:
    return lambda figures: above(figures) / below(figures)


def _best_wait(part: str) -> Callable[[Figures], float]:
    return lambda figures: min(_wait(name, part)(figures) for name in BASELINES)


def _accepted(name: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures["accepted"][name])


def _grown(figures: Figures) -> float:
    cost = figures["scale"]["cpu_seconds_per_1000"]
    return float(cost["many"] / cost["few"])


def _killed(what: str) -> Callable[[Figures], float]:
    """The worst of Shiftwire's ways."""
    return lambda figures: float(max(figures["trials"][name]["killed"][what] for name in SHIFTWIRE))


def _lost(figures: Figures) -> float:
    return float(sum(figures["trials"][name]["lost"] for name in SHIFTWIRE))


_ACCEPT = (
    "It moves with the machine: three processes share its cores here, two for the empty endpoint. Each notification is checked, "
    "parsed and on disk before its answer. Tried: one pipeline and one fsync for all that wait together, no routing, a compiled HTTP "
    "parser, no timer for a body that came with its head, head and body of the answer in one write."
)
_ALONE = (
    "About 3 ms for payload, as the disk does: accept, gate and delivery are three writes with their fsync, one after the other; "
    "the best baseline keeps nothing but its queue. Tried: ADR 11, which took three more out of the way."
)
_HALF = (
    "Half of what a closed load reaches, in which batches are large. Changes that come one by one cost more each, and a worker that is "
    "busy catches up by larger batches, which is to wait. Tried: ADR 11, 13 and 14, which raised the rate itself as well; "
    "`python -m bench.latency --rate 800` measures the wait at a rate of one's own."
)
_DELTA = (
    "A pull begins a quarter of a second after the one before at the earliest: at most 240 calls a minute of the 600 that a "
    "client is taken to have."
)

_LOAD = (
    "The bare loop throws away what it gets, and on two cores both share them with the simulator. A record costs the worker and "
    "Redis about eight times as much: it is compared with what is known, told as an event, and synced as state, event and history. "
    "Tried: ADR 12, rendering while the store writes, long readings where a sink wants nothing. With pages as slow as a tenant's "
    "the line is reached, as the next one says."
)


def _loaded(which: str, what: str) -> Callable[[Figures], float]:
    return lambda figures: float(figures["first_load"][which][what])


TARGETS = (
    Target(
        "accepted/s ÷ empty endpoint",
        0.55,
        _over(_accepted(OURS), lambda figures: float(figures["ceilings"][EMPTY])),
        why=_ACCEPT,
    ),
    Target("accepted/s ÷ plain Dramatiq", 4, _over(_accepted(OURS), _accepted("dramatiq"))),
    Target("resource ÷ plain Dramatiq, end to end", 1.5, _over(_rate("resource"), _rate("dramatiq"))),
    Target(
        "resource, sink batch 100 ÷ best baseline, end to end", 1.2, _over(_rate("resource-100"), best_rate)
    ),
    Target("delta, draining a backlog ÷ best baseline", 5, _over(_rate("delta-100", "backlog"), best_rate)),
    Target(
        "API calls for a burst (delta)",
        20,
        lambda figures: float(figures["trials"]["delta-100"]["burst"]["api_calls"]),
        most=True,
    ),
    Target("accept to sink at 100/s, payload, p50 ms", 3, _wait("payload", "p50"), most=True, why=_ALONE),
    Target("accept to sink at 100/s, payload, p99 ms", 8, _wait("payload", "p99"), most=True),
    Target("accept to sink at 100/s, resource, p50 ms", 5, _wait("resource", "p50"), most=True),
    Target("accept to sink at 100/s, resource, p99 ms", 12, _wait("resource", "p99"), most=True),
    Target(
        "aim: that of payload ÷ best baseline, p99",
        1,
        _over(_wait("payload", "p99"), _best_wait("p99")),
        most=True,
        why=_ALONE,
    ),
    Target(
        "aim: that of resource ÷ best baseline, p99",
        1,
        _over(_wait("resource", "p99"), _best_wait("p99")),
        most=True,
        why=_ALONE,
    ),
    *(
        Target(
            f"accept to sink at half the rate, {name}, p99 ms",
            100,
            _wait(name, "p99", "half"),
            most=True,
            why=_DELTA if name.startswith("delta") else _HALF,
        )
        for name in SHIFTWIRE
    ),
    Target("CPU of delta ÷ best baseline", 0.35, _cpu("delta-100", "backlog"), most=True),
    Target("CPU of resource ÷ best baseline", 1, _cpu("resource"), most=True),
    Target("cost of an event at 1,000,000 tracked ÷ at 10,000", 1.15, _grown, most=True),
    Target(
        "Redis memory of a tracked assignment, bytes",
        700,
        lambda figures: float(figures["trials"]["delta-100"]["state_bytes"]),
        most=True,
    ),
    Target(
        "idle: per cent of one core",
        2,
        lambda figures: float(figures["trials"]["delta-100"]["idle"]["cpu_percent"]),
        most=True,
    ),
    Target("first load of 100,000 ÷ bare download", 0.7, _loaded("many", "ratio"), why=_LOAD),
    Target("the same of 10,000, where a page takes 20 ms", 0.7, _loaded("paced", "ratio")),
    Target(
        "first load of 100,000: most memory of the worker, MB", 150, _loaded("many", "peak_mb"), most=True
    ),
    Target(
        "the same ÷ that of 10,000",
        1.1,
        _over(_loaded("many", "peak_mb"), _loaded("few", "peak_mb")),
        most=True,
    ),
    Target("lost, by number", 0, _lost, most=True),
    Target("missing after kill -9 of a worker", 0, _killed("missing"), most=True),
    Target("s from kill -9 of a worker to the next arrival", 3, _killed("again_seconds"), most=True),
)

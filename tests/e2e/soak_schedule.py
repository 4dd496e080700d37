"""What befalls an installation in many days: pure functions of a seed and the number of days. Times are in days."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.chaos import Strike

DELTA_LIFE, WEBHOOK_VALIDITY = 3.0, 30.0
#: Leaves nine days for a renewal: Protime may be away for four of them.
RENEW_AT = 0.7
EVERYTHING = ("redis", "serve", "work", "work2", "schedule")
#: Every so many days a process other than a worker is killed too, and everything at once.
KILLED_EVERY = {"serve": 5, "schedule": 7, "redis": 13}
ALL_KILLED_EVERY = 19


@dataclass(frozen=True)
class Trouble:
    """Comes again after `every` days (a fifth more at most) and lasts for some days between two bounds."""

    every: float
    lasts: tuple[float, float] = (0.0, 0.0)


TROUBLES = {
    "maintenance": Trouble(9, (0.3, 1.2)),
    "gateway pages": Trouble(11, (0.3, 0.8)),
    "too many requests": Trouble(13, (0.5, 1.0)),
    "silence": Trouble(17, (1.1 * DELTA_LIFE, 1.3 * DELTA_LIFE)),
    "error burst": Trouble(6),
    "conflict burst": Trouble(7),
    "revoked tokens": Trouble(8),
}
#: New records whose notification is lost: enough to be among what a killed worker held in its hands.
UNTOLD_A_DAY = 4
#: What is done to webhooks behind our back, once in the life of a webhook: so early in a webhook's life that both of its renewals
#: still fall into 60 days.
INTERFERENCES = ("disable", "delete", "expire")


@dataclass(frozen=True, order=True)
class Step:
    """At a time something begins or, with `ends`, is over; `whom` is the collection that is meant, if one is."""

    at: float
    what: str
    whom: str = ""
    ends: bool = False


def steps(seed: int, days: int, collections: tuple[str, ...]) -> list[Step]:
    """What befalls Protime, in order of time. Everything is over when the last day ends."""
    rng = random.Random(f"steps {seed}")
    found = [step for what, trouble in TROUBLES.items() for step in _recurring(rng, what, trouble, days)]
    return sorted([*found, *_interferences(rng, days, collections), *_records(rng, days, collections)])


def _recurring(rng: random.Random, what: str, trouble: Trouble, days: int) -> Iterator[Step]:
    at = rng.uniform(0.5, 0.5 + trouble.every / 3)
    while at < days - trouble.lasts[1]:
        yield Step(at, what)
        if trouble.lasts[1]:
            at += rng.uniform(*trouble.lasts)
            yield Step(at, what, ends=True)
        at += trouble.every * rng.uniform(1.0, 1.2)


def _interferences(rng: random.Random, days: int, collections: tuple[str, ...]) -> Iterator[Step]:
    life = WEBHOOK_VALIDITY * RENEW_AT
    whom = rng.sample(collections, len(collections))
    for number in range(int(days / life) + 1):
        at = number * life + rng.uniform(3, 7)
        if at < days - 1:
            action = INTERFERENCES[number % len(INTERFERENCES)]
            yield Step(at, f"{action} webhook", whom[number % len(whom)])


def _records(rng: random.Random, days: int, collections: tuple[str, ...]) -> Iterator[Step]:
    for day in range(days):
        for collection in collections:
            yield Step(day + rng.random(), "delete record", collection)
            yield Step(day + rng.random(), "bring back record", collection)
            yield Step(day + rng.random(), "move untold", collection)
            for _ in range(UNTOLD_A_DAY):
                yield Step(day + rng.random(), "plan untold", collection)


def strikes(seed: int, days: int) -> list[Strike]:
    """A worker is killed every day; the two of them take turns, so that each lives for two days at least."""
    rng = random.Random(f"strikes {seed}")
    return [Strike(day + rng.uniform(0.0, 0.5), _victims(day), rng.uniform(0.05, 0.3)) for day in range(days)]


def _victims(day: int) -> tuple[str, ...]:
    if day % ALL_KILLED_EVERY == ALL_KILLED_EVERY - 1:
        return EVERYTHING
    others = (name for name, every in KILLED_EVERY.items() if day % every == every - 1)
    return ("work2" if day % 2 else "work", *others)


def written(found: list[Step], kills: list[Strike]) -> str:
    """The whole schedule, one line each, in order of time: what a failed run shows."""
    lines = [
        (s.at, f"{s.what}{' of ' + s.whom if s.whom else ''}{' is over' if s.ends else ''}") for s in found
    ]
    lines += [(k.at, f"kill {', '.join(k.names)} for {k.away:.2f}") for k in kills]
    return "\n".join(f"day {at:6.2f}  {text}" for at, text in sorted(lines))

"""One kind of fault: what happens, what of it is seen, what the system does, and how to make it happen."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.installation import ASSIGNMENTS, Installation


@dataclass(frozen=True)
class Moment:
    """The house in the middle of its traffic. `rng` is seeded: a run can be repeated."""

    house: Installation
    rng: random.Random


@dataclass(frozen=True)
class Fault:
    """`strike` makes it happen and returns when its cause is gone again (a process is started anew, a network is whole).

    `name`, `cause`, `effect`, `does`: a row of the failure table, in words; `test`: the test that shows one of them.
    `moments`: so many strikes, at random moments of the traffic, in a whole run.
    `house`: what the installation is made with (`Installation`'s arguments); `processes`: what runs besides Redis.
    `every`: each version is delivered (`fetch: payload`), else the net change is enough.
    `forgets`: the store forgets what it was given. What is learned anew has the same id, and a time and an origin of its own.
    `prepare` is called before anything runs, with an installation that may still be changed; what it returns is called at
    the end (a proxy to be closed).
    """

    name: str
    cause: str
    effect: str
    does: str
    strike: Callable[[Moment], None]
    test: str
    moments: int = 10
    house: Mapping[str, Any] = field(default_factory=dict)
    processes: tuple[str, ...] = ("serve", "work", "work2", "schedule")
    every: bool = True
    forgets: bool = False
    prepare: Callable[[Installation], Callable[[], None]] = lambda _: lambda: None
    #: What Protime's notifications meet when it is not `PAYLOAD`: the configured collections.
    collections: Mapping[str, Any] = field(
        default_factory=lambda: {
            "assignments": {**ASSIGNMENTS["assignments"], "fetch": "payload", "poll_seconds": 2}
        }
    )

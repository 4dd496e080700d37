"""Processes that are killed with `kill -9`, alone and together, with Redis among them."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.e2e.installation import answers_ping, until
from tests.prove.fault import Fault, Moment


def killed(*names: str) -> Callable[[Moment], None]:
    """All of them at the same moment; started again after half a second or less."""

    def strike(moment: Moment) -> None:
        house = moment.house
        house.kill(*names)
        time.sleep(moment.rng.uniform(0.05, 0.5))
        house.start(*names)
        if "redis" in names:
            until(lambda: answers_ping(house.redis_port), 15, "Redis answers", every=0.01)
        house.revive()

    return strike


FAULTS = (
    Fault(
        "worker killed",
        "`kill -9` of one of two workers",
        "its batches are not committed, or delivered and not noted",
        "its leases end, the sweep wakes the other worker; what was not noted is repeated with the same id",
        killed("work"),
        "tests/e2e/test_outages.py",
        moments=50,
    ),
)

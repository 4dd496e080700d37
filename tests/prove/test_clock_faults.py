"""The clock of Redis, which all follow, in the middle of traffic; `python -m tests.prove` does it many times."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.prove import faults_clock
from tests.prove.fault import Fault, Moment
from tests.prove.trial import run
from tests.workers.sinks.servers import missing

#: Longer than the five seconds after which everybody has asked Redis for the time.
WRONG_SECONDS = 8.0


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_no_pause_is_an_hour_long_because_the_clock_of_redis_was_set_back(tmp_path: Path) -> None:
    if shutil.which("cc") is None:
        missing("a C compiler (cc) moves the clock of Redis")

    def strike(moment: Moment) -> None:
        faults_clock.wrong(moment.house, 3600, "redis")
        time.sleep(WRONG_SECONDS)
        faults_clock.right(moment.house, "redis")

    fault = Fault(
        "clock of Redis", "", "", "", strike, "", house=faults_clock.LIVES, prepare=faults_clock.movable_store
    )
    verdict = run(fault, tmp_path, moments=1, seed=1)
    assert (verdict.lost, verdict.reordered, verdict.moments) == (0, 0, 1)

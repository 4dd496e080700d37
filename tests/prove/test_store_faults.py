"""Each trouble of Redis once, in the middle of traffic; `python -m tests.prove` does it many times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.prove import faults_store, redis_troubles
from tests.prove.fault import Fault, Moment
from tests.prove.trial import run

STRIKES = (
    redis_troubles.out_of_memory,
    redis_troubles.disk_full,
    redis_troubles.read_only,
    redis_troubles.torn,
    redis_troubles.stalled,
    redis_troubles.slow_to_load,
    redis_troubles.restarted,
    redis_troubles.connections_killed,
    redis_troubles.scripts_forgotten,
)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_nothing_that_redis_was_given_is_lost_by_its_troubles(tmp_path: Path) -> None:
    left = iter(STRIKES)

    def strike(moment: Moment) -> None:
        next(left)(moment)

    fault = Fault("Redis in trouble", "", "", "", strike, "", house=faults_store.STRICT)
    verdict = run(fault, tmp_path, moments=len(STRIKES), seed=1)
    assert (verdict.lost, verdict.reordered, verdict.moments) == (0, 0, len(STRIKES))


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(200)
def test_what_redis_has_forgotten_comes_by_the_delta(tmp_path: Path) -> None:
    (fault,) = (fault for fault in faults_store.FAULTS if fault.strike is redis_troubles.shortened)
    verdict = run(fault, tmp_path, moments=3, seed=1)
    assert (verdict.lost, verdict.reordered) == (0, 0)

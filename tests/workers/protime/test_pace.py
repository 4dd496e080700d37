from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import Pace


class Time:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.rule("4.3-limit")
@given(st.integers(1, 200), st.lists(st.floats(0, 30), max_size=30))
async def test_no_minute_has_more_than_its_share(per_minute: int, pauses: list[float]) -> None:
    time = Time()
    pace = Pace(per_minute, clock=time, sleep=time.sleep)
    sent: list[float] = []
    for number in range(per_minute * 2 + 10):
        time.now += pauses[number % len(pauses)] if pauses and number % 7 == 0 else 0
        await pace.acquire()
        sent.append(time.now)
    for first in sent:
        assert sum(first <= at < first + 59.9 for at in sent) <= per_minute


async def test_the_first_requests_go_at_once_and_the_rest_evenly() -> None:
    time = Time()
    pace = Pace(600, clock=time, sleep=time.sleep)
    for _ in range(60):
        await pace.acquire()
    assert time.now < 100.001
    await pace.acquire()
    assert 0.1 < time.now - 100.0 < 0.12


async def test_a_pause_that_protime_asked_for_is_waited_for() -> None:
    time = Time()
    pace = Pace(600, clock=time, sleep=time.sleep)
    await pace.pause(40)
    await pace.acquire()
    assert time.now == 140.0

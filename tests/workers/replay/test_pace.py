"""How large a batch of a replay is, and how long live traffic has the sink to itself after it."""

from __future__ import annotations

import pytest

from workers.replay.pace import Pace


def test_a_quick_sink_with_batches_gets_more_at_a_time_up_to_its_batch() -> None:
    pace = Pace(50)
    for _ in range(10):
        pace.took(0.002, sent=pace.size, looked_at=pace.scan)
    assert pace.size == 50


@pytest.mark.parametrize(("batch", "least"), [(1, 8), (10, 8), (50, 25)])
def test_a_slow_sink_gets_no_less_than_what_is_sent_at_once_anyway(batch: int, least: int) -> None:
    pace = Pace(batch)
    for seconds in (0.002, 0.002, 0.5, 0.5, 0.5):
        pace.took(seconds, sent=pace.size, looked_at=pace.scan)
    assert pace.size == least


def test_where_little_is_wanted_more_is_looked_at_and_no_more_is_sent() -> None:
    pace = Pace(1)
    for _ in range(10):
        pace.took(0.001, sent=1, looked_at=pace.scan)
    assert (pace.size, pace.scan) == (8, 500)
    for _ in range(10):
        pace.took(0.001, sent=8, looked_at=pace.scan)
    assert pace.scan == 8


def test_a_replay_rests_longer_than_it_works() -> None:
    assert Pace.pause(0.1) == 0.2

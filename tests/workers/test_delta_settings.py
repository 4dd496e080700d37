"""How long a delta that was started with other settings is left to whoever started it: pure arithmetic."""

from __future__ import annotations

import pytest

from workers.delta_settings import CALM_SECONDS, remade, rest, told
from workers.store.deltas import DeltaState

NOW = 1_000_000.0


@pytest.mark.parametrize(
    ("times", "wait"), [(0, 0), (1, 0), (2, 60), (3, 120), (4, 240), (10, 3600), (1000, 3600)]
)
def test_each_time_a_delta_is_started_anew_in_turn_it_is_left_alone_for_twice_as_long(
    times: int, wait: float
) -> None:
    state = DeltaState(remade=times, remade_at=NOW)
    assert rest(state, NOW) == wait
    assert rest(state, NOW + wait) == 0


def test_a_configuration_that_stood_for_long_is_followed_at_once() -> None:
    state = DeltaState(link="x", asked_at=NOW, remade=7, remade_at=NOW)
    assert remade(state, NOW + 3600) == DeltaState(asked_at=NOW, remade=8, remade_at=NOW + 3600)
    calm = NOW + CALM_SECONDS
    assert rest(state, calm) == 0
    assert remade(state, calm) == DeltaState(asked_at=NOW, remade=1, remade_at=calm)


def test_one_that_was_started_anew_in_the_future_keeps_nobody_waiting() -> None:
    assert rest(DeltaState(remade=3, remade_at=NOW + 5000), NOW) == 0


def test_settings_are_told_by_their_names() -> None:
    assert told("2026-01-01 people:@badge-number") == (
        "since: 2026-01-01, external_references: people:@badge-number"
    )
    assert told("") == "since: -, external_references: -"

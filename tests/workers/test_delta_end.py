"""What follows when a delta is gone, and what a failure changes: pure arithmetic."""

from __future__ import annotations

import pytest

from workers.delta_end import after_the_end, taken_over
from workers.delta_failures import failed
from workers.protime import PermissionDenied, RateLimited, Transient
from workers.store.delta_metrics import delta_families
from workers.store.deltas import DeltaState
from workers.store.stops import Stop

LIFE = 72 * 3600.0
NOW = 1_000_000.0


def test_a_delta_that_was_not_asked_for_72_hours_died_of_age() -> None:
    old = DeltaState(link="x", pulled_at=NOW - LIFE)
    assert not taken_over(old, NOW, LIFE)
    assert after_the_end(old, NOW, LIFE) == DeltaState()


def test_a_delta_that_is_gone_before_its_time_was_taken_over() -> None:
    assert taken_over(DeltaState(link="x", pulled_at=NOW - 60), NOW, LIFE)


@pytest.mark.parametrize(("before", "wait"), [(0, 0), (1, 60), (2, 120), (3, 240), (10, 3600)])
def test_each_time_it_is_taken_over_again_we_wait_twice_as_long(before: int, wait: float) -> None:
    state = DeltaState(link="x", pulled_at=NOW - 1, superseded=before, superseded_at=NOW - 100 * before)
    new = after_the_end(state, NOW, LIFE)
    assert new.superseded == before + 1
    assert new.retry_at == (NOW + wait if wait else 0)


def test_a_delta_that_lived_in_peace_for_an_hour_counts_from_the_start_again() -> None:
    state = DeltaState(link="x", pulled_at=NOW - 1, superseded=7, superseded_at=NOW - 4000)
    assert after_the_end(state, NOW, LIFE).superseded == 1


def test_walks_that_cut_off_each_other_wait_as_well() -> None:
    first = after_the_end(DeltaState(walk="x"), NOW, LIFE)
    second = after_the_end(DeltaState(walk="y", superseded=1, superseded_at=NOW), NOW + 1, LIFE)
    assert first.retry_at == 0
    assert second.retry_at == NOW + 1 + 60


def test_a_failure_waits_as_long_as_protime_asks_and_a_refusal_a_minute_at_least() -> None:
    assert failed(DeltaState(), Transient("x"), NOW, 0.0).retry_at == NOW + 1
    assert failed(DeltaState(), RateLimited("x", retry_after=40), NOW, 0.0).retry_at == NOW + 40
    assert failed(DeltaState(), PermissionDenied("x"), NOW, 0.0).retry_at == NOW + 60
    assert failed(DeltaState(attempts=5), PermissionDenied("x"), NOW, 0.0).retry_at == NOW + 300


def test_a_delta_not_pulled_for_24_hours_is_an_alarm() -> None:
    states = {
        "fine": DeltaState(pulled_at=NOW - 23 * 3600),
        "old": DeltaState(pulled_at=NOW - 25 * 3600),
        "never": DeltaState(failing_since=NOW - 25 * 3600),
        "new": DeltaState(),
    }
    stops = {"clockings": Stop(NOW, NOW, "403")}
    found = {f.name: f for f in delta_families("acme", states, LIFE, stops, NOW)}
    alarms = {s.labels["collection"]: s.value for s in found["shiftwire_delta_alarm"].samples}
    assert alarms == {"fine": 0, "old": 1, "never": 1}
    ages = {s.labels["collection"]: s.value for s in found["shiftwire_delta_age_seconds"].samples}
    assert ages["old"] == 25 * 3600
    assert [s.labels["collection"] for s in found["shiftwire_stopped"].samples] == ["clockings"]

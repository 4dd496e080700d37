"""What answers say about a sink, and which of the sweep's findings may go while one is away."""

from __future__ import annotations

from collections.abc import Sequence

from workers.breaker_rules import RETRY_GRACE_MS, Verdict, level, verdict
from workers.probe_choice import Finding, allowed
from workers.sinks.base import CLOSED, Failure
from workers.store.breakers import Breaker
from workers.store.keys import Partition

AWAY = Failure("connection refused", scope="sink")
BROKEN = Failure("HTTP 500")
REFUSED = Failure("HTTP 422", permanent=True)
NOW = 1_000_000
P0, P1 = Partition("acme", 0), Partition("acme", 1)


def test_a_sink_that_took_or_refused_an_event_is_alive() -> None:
    assert verdict(1, {}) == Verdict(alive=True)
    assert verdict(1, {0: REFUSED}).alive
    assert verdict(2, {0: BROKEN}) == Verdict(alive=True, doubt=BROKEN)


def test_a_failure_of_the_sink_says_that_it_is_away() -> None:
    assert verdict(2, {0: AWAY, 1: AWAY}) == Verdict(away=AWAY)


def test_failures_of_events_alone_only_raise_a_doubt() -> None:
    assert verdict(1, {0: BROKEN}) == Verdict(doubt=BROKEN)


def test_a_sink_that_this_process_has_closed_says_nothing() -> None:
    assert verdict(2, {0: CLOSED, 1: CLOSED}) == Verdict()


def test_the_level_is_the_highest_that_was_reached() -> None:
    assert [level(used) for used in (0, 0.49, 0.5, 0.69, 0.7, 0.95, 1, 40)] == [
        0,
        0,
        50,
        50,
        70,
        90,
        100,
        100,
    ]


def test_the_budget_used_is_the_age_of_the_outage() -> None:
    assert Breaker(since_ms=NOW - 30_000).used(NOW, 60) == 0.5
    assert Breaker(failures=4).used(NOW, 60) == 0


def first(found: Sequence[Finding]) -> Finding:
    return found[0]


def chosen(breaker: Breaker, *findings: Finding) -> list[Finding]:
    return allowed(findings, {"away": breaker, "well": Breaker()}, NOW, first)


NEW, OTHER, AGAIN = ("dispatch", P0, "away"), ("dispatch", P1, "away"), ("retry", P0, "away")


def test_nothing_concerns_a_sink_before_its_next_try() -> None:
    waits = Breaker(since_ms=1, until_ms=NOW + 1)
    rest: list[Finding] = [("ingest", P0, ""), ("dispatch", P0, "well"), ("delta", P0, "assignments")]
    assert chosen(waits, NEW, AGAIN, *rest) == rest


def test_one_lane_is_the_probe_and_new_events_go_before_retries() -> None:
    due = Breaker(since_ms=1, until_ms=NOW)
    assert chosen(due, AGAIN, NEW, OTHER) == [NEW]


def test_retries_are_the_probe_a_little_later() -> None:
    assert chosen(Breaker(since_ms=1, until_ms=NOW), AGAIN) == []
    assert chosen(Breaker(since_ms=1, until_ms=NOW - RETRY_GRACE_MS), AGAIN) == [AGAIN]


def test_nobody_else_goes_while_one_tries() -> None:
    assert chosen(Breaker(since_ms=1, until_ms=NOW - 9999, probed=True), NEW, AGAIN) == []


def test_a_sink_whose_breaker_is_closed_is_served_by_all_lanes() -> None:
    assert chosen(Breaker(failures=4), NEW, OTHER, AGAIN) == [NEW, OTHER, AGAIN]

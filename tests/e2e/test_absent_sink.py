"""One of three sinks is away: it is tried seldom, by one worker at a time, and the others do not notice."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import differences, overtaken
from tests.e2e.subscriber import SECRET, Subscriber

NAMES = ("absent", "left", "right")
LEAST, MOST = 0.2, 2.0
#: What opens the breaker, and what the eight lanes of two workers may have had under way at that moment.
BEFORE_IT_OPENS = 5 + 8


@pytest.fixture
def sinks() -> Iterator[dict[str, Subscriber]]:
    made = {name: Subscriber() for name in NAMES}
    yield made
    for sink in made.values():
        sink.close()
        assert sink.bad_signatures == 0


def configured(sinks: dict[str, Subscriber], **retry: float) -> dict[str, Any]:
    how = {"type": "webhook", "secret": SECRET, "allow_private_addresses": True, "batch": 20}
    often = {"min_seconds": LEAST, "max_seconds": MOST, **retry}
    return {"sinks": {name: {**how, "url": sink.url, "retry": often} for name, sink in sinks.items()}}


def rows(installation: Installation) -> dict[str, dict[str, Any]]:
    found = {row["sink"]: row for row in installation.json("ledger")}
    assert all(row["balanced"] for row in found.values()), found
    return found


def of(installation: Installation, sink: str) -> dict[str, Any]:
    return {row["sink"]: row for row in installation.json("sinks")}[sink]


def logged_at(line: str) -> str:
    return str(json.loads(line)["timestamp"])


def tries_allowed(seconds: float) -> int:
    """Probes in an outage of so many seconds when the jitter adds nothing."""
    pauses, at = 0, 0.0
    while at < seconds:
        at += min(MOST, LEAST * 2.0**pauses)
        pauses += 1
    return pauses


@pytest.mark.e2e
@pytest.mark.slow
def test_an_absent_sink_is_tried_seldom_and_comes_back_at_once_everywhere(install, sinks, figures):
    installation: Installation = install(collections=PAYLOAD, extra=configured(sinks))
    installation.start_all("serve", "work", "work2", "schedule")
    protime, absent = installation.protime, sinks["absent"]
    ids = protime.generate(count=60, changes=60, seed=1)
    until(
        lambda: all(not differences(protime.state(), s.last()) for s in sinks.values()), 20, "a quiet start"
    )

    known = absent.requests
    absent.status = lambda _: 503
    away = time.monotonic()
    protime.generate(resources=ids, changes=800, per_second=100, seed=2)
    until(protime.quiet, 30, "the notifications are sent", every=0.2)
    tried, outage = absent.requests - known, time.monotonic() - away
    state = of(installation, "absent")
    assert (state["state"], state["dead_lettered"]) in {("open", 0), ("half-open", 0)}, state
    assert "503" in state["reason"]
    assert state["lag"] > 100
    assert of(installation, "left")["state"] == "closed"
    for name in ("left", "right"):
        until(lambda n=name: not differences(protime.state(), sinks[n].last()), 3, f"{name} has it all")
    assert tried <= BEFORE_IT_OPENS + tries_allowed(outage)

    came = len(absent.events)
    absent.heal()
    healed = time.time()
    until(lambda: not differences(protime.state(), absent.last()), MOST * 1.25 + 5, "the sink has caught up")
    arrived = absent.arrived[came:]
    figures(
        f"{outage:.1f} s away: {tried} requests (of {tries_allowed(outage)} tries after it opened); back after "
        f"{arrived[0] - healed:.1f} s, then {len(arrived)} events within {arrived[-1] - arrived[0]:.2f} s"
    )
    assert arrived[0] - healed <= MOST * 1.25 + 1
    assert arrived[-1] - arrived[0] <= 3
    until(
        lambda: all(row["in_flight"] == 0 for row in rows(installation).values()), 10, "nothing is in flight"
    )
    assert {row["dead_lettered"] for row in rows(installation).values()} == {0}
    assert overtaken([event for _, event in absent.first_deliveries()]) == []
    assert of(installation, "absent")["state"] == "closed"


@pytest.mark.e2e
@pytest.mark.slow
def test_a_sink_that_stays_away_is_warned_of_once_and_then_its_events_are_dead_letters(install, sinks):
    installation: Installation = install(
        collections=PAYLOAD, extra=configured(sinks, max_age_seconds=6, max_seconds=0.4)
    )
    installation.start_all("serve", "work", "work2", "schedule")
    protime, absent = installation.protime, sinks["absent"]
    absent.status = lambda _: 503
    protime.generate(count=60, changes=120, seed=1)
    until(
        lambda: rows(installation)["absent"]["dead_lettered"] == rows(installation)["left"]["delivered"],
        40,
        "all",
    )
    logs = "".join((installation.directory / f"{name}.log").read_text() for name in ("work", "work2"))
    warned = sorted((line for line in logs.splitlines() if "budget runs out" in line), key=logged_at)
    assert [str(level) in line for level, line in zip((50, 70, 90), warned, strict=False)] == [True] * len(
        warned
    )
    assert 1 <= len(warned) <= 3
    assert logs.count("become dead letters now") == 1
    letters = [x for x in installation.json("dead-letters", "list") if x["sink"] == "absent"]
    assert {"503" in x["last_error"] for x in letters} == {True}
    absent.heal()
    protime.generate(count=60, changes=10, seed=3)
    until(lambda: rows(installation)["absent"]["in_flight"] == 0, 15, "the sink is back")
    assert of(installation, "absent")["state"] == "closed"

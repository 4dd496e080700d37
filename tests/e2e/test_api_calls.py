"""A burst of notifications costs few calls of the API."""

from __future__ import annotations

import time

import pytest

from tests.e2e.installation import ASSIGNMENTS, RETRIES, Installation, until
from tests.e2e.promises import overtaken

NOTIFICATIONS, RESOURCES, MOST_CALLS = 5000, 100, 50
SELDOM = {"subscriptions": {"check_seconds": 300}}
RESOURCE = {"assignments": {**ASSIGNMENTS["assignments"], "fetch": "resource"}}


@pytest.mark.rule("11.2-coalesce")
@pytest.mark.e2e
def test_a_burst_in_delta_mode_costs_few_calls(install, figures):
    installation: Installation = install(sink={"batch": 50}, extra=SELDOM)
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    until(lambda: protime.calls("GET /assignments"), 10, "the first load, of nothing, is done")
    before, begun = protime.calls(), time.monotonic()
    protime.generate(count=RESOURCES, changes=NOTIFICATIONS)
    until(protime.quiet, 60, "all notifications are sent")
    until(installation.caught_up, 20, "the sink has the last state")
    until(installation.settled, 10, "nothing is in flight")
    calls = protime.calls() - before
    figures(
        f"delta: {len(protime.deliveries())} notifications about {RESOURCES} resources cost {calls} calls and gave "
        f"{len(sink.events)} events in {time.monotonic() - begun:.1f} s"
    )
    assert calls <= MOST_CALLS
    assert overtaken([event for _, event in sink.first_deliveries()]) == []
    # A pull may bring a change before its own notification has arrived.
    assert {event["origin"] for event in sink.events} <= {"webhook", "delta"}


@pytest.mark.e2e
def test_a_burst_in_resource_mode_costs_one_fetch_per_resource(install, figures):
    """Protime holds the notifications back until all changes are made: so the first fetch of a resource brings its last
    state, and every other notification of it is superseded without a call, in whatever batches they are drained."""
    installation: Installation = install(
        collections=RESOURCE, sink={"batch": 50}, settings={"retry_seconds": [3.0, *RETRIES]}, extra=SELDOM
    )
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    until(lambda: protime.calls("GET /assignments"), 10, "the first load, of nothing, is done")
    before, begun = protime.calls(), time.monotonic()
    protime.generate(count=RESOURCES, changes=NOTIFICATIONS)
    assert time.monotonic() - begun < 3.0, "the changes took longer than the notifications were held back"
    until(protime.quiet, 60, "all notifications are sent")
    until(installation.settled, 20, "nothing is in flight")
    calls = protime.calls() - before
    figures(
        f"resource: {len(protime.deliveries())} notifications about {RESOURCES} resources cost {calls} calls and gave "
        f"{len(sink.events)} events"
    )
    assert installation.caught_up()
    assert calls == protime.calls("GET /assignments/{id}") == len(sink.events) == RESOURCES


@pytest.mark.e2e
def test_running_changes_in_resource_mode_cost_a_fetch_for_each_event(install, figures):
    """A resource is fetched for a notification that is newer than what is stored, and the answer is at least as new: so
    each fetch gives an event, and there are as many of one as of the other."""
    installation: Installation = install(collections=RESOURCE, sink={"batch": 50}, extra=SELDOM)
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    # What it finds would be events that cost no fetch.
    until(lambda: protime.calls("GET /assignments"), 10, "the first load, of nothing, is done")
    protime.generate(count=10, changes=2000, per_second=500)
    until(protime.quiet, 60, "all notifications are sent")
    until(installation.settled, 20, "nothing is in flight")
    fetches = protime.calls("GET /assignments/{id}")
    figures(
        f"resource: 2010 running changes of 10 resources cost {fetches} fetches, gave {len(sink.events)} events"
    )
    assert installation.caught_up()
    assert fetches == len(sink.events) < 2010
    assert overtaken([event for _, event in sink.first_deliveries()]) == []

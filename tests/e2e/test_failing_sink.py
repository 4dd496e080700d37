"""A sink that refuses: one resource is held back and nothing else, and what is refused for good can be handed back."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import overtaken


def books_while(installation: Installation, busy: Any) -> list[dict[str, Any]]:
    """The ledger, read again and again while something is going on; every reading balances."""
    rows = [installation.ledger()]
    while busy():
        rows.append(installation.ledger())
    return rows


@pytest.mark.e2e
@pytest.mark.parametrize("batch", [1, 20])
def test_a_failing_resource_holds_back_only_itself(install, figures, batch: int):
    installation: Installation = install(collections=PAYLOAD, sink={"batch": batch})
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    ids = protime.generate(count=20, changes=1)
    until(installation.settled, 10, "nothing is in flight")
    ill = f"assignments/{ids[7]}"
    before = len(sink.of(ids[7]))
    sink.refuse(ill, 500)
    protime.generate(resources=ids, changes=400, per_second=100)
    rows = books_while(installation, lambda: not protime.quiet())
    truth = protime.state()
    others = {s: e["changeVersion"] for s, e in truth.items() if s != ill}
    until(
        lambda: others.items() <= {s: e["sequence"] for s, e in sink.last().items()}.items(),
        5,
        "others arrive",
    )
    assert len(sink.of(ids[7])) == before
    held = installation.ledger()["in_flight"]
    assert held > 0

    # It heals in the middle of new changes: those must not overtake what waits.
    protime.generate(resources=[ids[7]], changes=90, per_second=60)
    time.sleep(0.5)
    sink.heal()
    rows += books_while(installation, lambda: not (protime.quiet() and installation.caught_up()))
    until(installation.settled, 5, "nothing is in flight")
    came = [event["sequence"] for event in sink.of(ids[7])]
    figures(
        f"batch {batch}: {held} events of one resource held back and then delivered; {len(rows)} looks, all balanced"
    )
    assert came == sorted({d["changeVersion"] for d in protime.deliveries() if d["id"] == ids[7]})
    assert overtaken([event for _, event in sink.first_deliveries()]) == []
    assert installation.ledger()["dead_lettered"] == 0


@pytest.mark.e2e
def test_what_a_sink_refuses_for_good_is_a_dead_letter_that_can_be_handed_back(install):
    installation: Installation = install(collections=PAYLOAD, sink={"batch": 20})
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    protime.generate(count=10, changes=100, per_second=100)
    poison = protime.plan(comments="poison")
    sink.refuse(f"assignments/{poison['id']}", 422)
    rows = books_while(installation, lambda: not protime.quiet())
    protime.write(id=poison["id"], comments="poison again")
    until(protime.quiet, 5, "the notification is sent")
    until(installation.settled, 10, "nothing is in flight")
    assert sink.of(poison["id"]) == []

    letters = installation.json("dead-letters", "list")
    assert [x["event"]["data"]["resource"]["comments"] for x in letters] == ["poison", "poison again"]
    assert {(x["sink"], x["reason"], x["attempts"]) for x in letters} == {
        ("planning", "refused by the sink", 1)
    }
    assert all("422" in x["last_error"] for x in letters)
    assert installation.ledger()["dead_lettered"] == 2

    sink.heal()
    handed = installation.run("dead-letters", "retry", *(x["id"] for x in letters))
    assert handed.returncode == 0, handed.stderr
    until(lambda: len(sink.of(poison["id"])) == 2, 5, "the dead letters are delivered")
    until(installation.settled, 5, "nothing is in flight")
    assert [e["id"] for e in sink.of(poison["id"])] == [x["event"]["id"] for x in letters]
    assert installation.ledger()["dead_lettered"] == 0
    assert installation.json("dead-letters", "list") == []
    assert installation.run("dead-letters", "retry", letters[0]["id"]).returncode == 1
    assert rows


@pytest.mark.e2e
def test_a_sink_that_is_away_gets_everything_when_it_is_back(install, figures):
    installation: Installation = install(collections=PAYLOAD, sink={"batch": 20})
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    sink.status = lambda _: 503
    protime.generate(count=20, changes=300, per_second=100)
    rows = books_while(installation, lambda: not protime.quiet())
    assert sink.events == []
    assert installation.ledger()["dead_lettered"] == 0
    asked = sink.requests
    sink.heal()
    back = time.monotonic()
    until(installation.caught_up, 5, "all is delivered")
    figures(
        f"sink away: {asked} requests tried meanwhile, all delivered {time.monotonic() - back:.1f} s after its return"
    )
    assert overtaken([event for _, event in sink.first_deliveries()]) == []
    assert rows


@pytest.mark.e2e
@pytest.mark.parametrize("batch", [1, 20])
def test_an_event_that_looks_like_an_absent_sink_does_not_hold_back_the_others(install, batch):
    """503 for one record only: as when its events make the receiver hang."""
    installation: Installation = install(collections=PAYLOAD, sink={"batch": batch}, store={"partitions": 1})
    installation.start_all()
    protime, sink = installation.protime, installation.subscriber
    ids = protime.generate(count=10, changes=10, seed=1)
    until(installation.caught_up, 20, "the first states arrive")
    stuck = f"assignments/{ids[3]}"
    sink.refuse(stuck, 503)
    protime.generate(resources=ids, changes=60, seed=2)
    until(protime.quiet, 10, "the notifications are sent")
    versions = {name: record["changeVersion"] for name, record in protime.state().items() if name != stuck}
    until(
        lambda: all(sink.last()[name]["sequence"] == version for name, version in versions.items()),
        30,
        "all other records arrive while one is stuck",
    )
    assert installation.ledger()["in_flight"] > 0
    sink.heal()
    until(installation.caught_up, 20, "the stuck record arrives")
    until(installation.settled, 10, "nothing is in flight")
    assert overtaken([event for _, event in sink.first_deliveries()]) == []

"""`sync`, `reconcile` and `subscriptions` as a person types them."""

from __future__ import annotations

import time

import pytest

from tests.e2e.installation import Installation, reachable, until

pytestmark = pytest.mark.e2e


RESOURCE = {"since": "2026-01-01", "fetch": "resource"}


@pytest.fixture
def house(install) -> Installation:
    made: Installation = install(collections={"assignments": RESOURCE})
    made.start_all()
    return made


def test_loads_and_reconciliations_bring_what_no_webhook_told(install):
    """Without a delta: the first load comes by itself, and later losses are found by comparison."""
    house = install(collections={"assignments": RESOURCE}, settings={"drop_probability": 1.0})
    house.start("simulator")
    until(lambda: reachable(house.simulator_port), 15, "the simulator answers")
    numbers = house.protime.generate(collection="assignments", count=250, changes=250, seed=1)
    house.start_all("serve", "work", "schedule")
    until(lambda: len(house.subscriber.events) == 250, 20, "the first load arrived")
    assert {event["origin"] for event in house.subscriber.events} == {"sync"}
    house.protime.generate(collection="assignments", resources=numbers, changes=10, seed=2)
    found = house.json("reconcile", "acme", "assignments")
    assert found["missed"]
    until(lambda: len(house.subscriber.events) == 250 + len(found["missed"]), 20, "what was missed arrived")
    assert {event["origin"] for event in house.subscriber.events[250:]} == {"reconcile"}
    until(house.settled, 10, "drained")
    assert house.ledger()["balanced"]
    assert house.json("sync", "acme", "assignments")["records"] == 250


def test_a_comparison_names_what_protime_did_not_show_tells_the_rest_and_fails(install):
    house = install(collections={"assignments": RESOURCE})
    house.start_all()
    broken, gone = house.protime.plan()["id"], house.protime.plan()["id"]
    until(lambda: len(house.subscriber.last()) == 2, 20, "both are known")
    house.protime.switch(drop_probability=1.0, broken_record=broken)
    house.protime.remove(broken)
    house.protime.remove(gone)
    done = house.run("reconcile", "acme", "assignments")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [f"deleted  assignments/{gone}", f"left out assignments/{broken}"]
    assert "asks for it again" in done.stderr
    house.protime.switch(broken_record=0)
    assert house.json("reconcile", "acme", "assignments")["left_out"] == []
    until(lambda: house.subscriber.last()[f"assignments/{broken}"]["data"]["change"] == "deleted", 20, "told")


def test_after_all_webhooks_were_dead_for_a_while_deletions_are_found_too(install):
    house = install(collections={"assignments": RESOURCE})
    house.start_all()
    kept, gone = house.protime.plan()["id"], house.protime.plan()["id"]
    until(lambda: len(house.subscriber.last()) == 2, 20, "both are known")
    house.protime.interfere(house.protime.webhooks()[0]["id"], "disable")
    house.protime.remove(gone)
    until(lambda: house.subscriber.last()[f"assignments/{gone}"]["data"]["change"] == "deleted", 20, "found")
    assert house.subscriber.last()[f"assignments/{gone}"]["origin"] == "reconcile"
    assert house.subscriber.last()[f"assignments/{kept}"]["data"]["change"] == "created"


def test_a_collection_that_protime_refuses_stops_with_a_word_and_the_others_go_on(install):
    """A tenant with Planning Flex answers 403 to everything about assignments."""
    collections = {"assignments": {"since": "2026-01-01"}, "clockings": {"since": "2026-01-01"}}
    house = install(collections=collections, settings={"planning_flex": "all"})
    house.start_all()
    stopped = 'shiftwire_stopped{collection="assignments",tenant="acme"} 1.0'
    until(lambda: stopped in house.http.get("/metrics").text, 10, "the metric says what stopped")
    assert "collection stopped" in (house.directory / "work.log").read_text()
    before = house.protime.calls("GET /assignments")
    clocking = {"person": {"id": 1}, "date": "2026-06-01", "timeOfDayInMinutes": 480, "kind": "InOut"}
    number = house.protime.write("clockings", **clocking)["id"]
    until(lambda: f"clockings/{number}" in house.subscriber.last(), 20, "the other collection flows")
    time.sleep(3)
    assert house.protime.calls("GET /assignments") == before


def test_an_unknown_name_is_a_usage_error(house):
    wrong = house.run("sync", "acme", "clockings")
    assert wrong.returncode == 2
    assert "assignments" in wrong.stderr


def test_a_subscription_can_be_listed_renewed_and_deleted(house):
    [before] = house.json("subscriptions", "list")
    assert (before["tenant"], before["collection"], before["status"]) == ("acme", "assignments", "Enabled")
    assert before["managed"] is True
    assert before["destination_url"].endswith("/***")
    renewed = house.run("subscriptions", "renew", "acme", "assignments")
    assert renewed.returncode == 0, renewed.stderr
    fresh = [row["id"] for row in house.json("subscriptions", "list") if row["id"] != before["id"]]
    assert len(fresh) == 1
    assert house.run("subscriptions", "delete", "acme", fresh[0]).returncode == 0
    assert house.run("subscriptions", "delete", "acme", "no-such-webhook").returncode == 1

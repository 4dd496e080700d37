"""`sync`, `reconcile` and `subscriptions` as a person types them."""

from __future__ import annotations

import pytest

from tests.e2e.installation import Installation, until

pytestmark = pytest.mark.e2e


@pytest.fixture
def house(install) -> Installation:
    made: Installation = install(collections={"assignments": {"since": "2026-01-01", "fetch": "resource"}})
    made.start_all()
    return made


def test_a_load_and_a_reconciliation_bring_what_no_webhook_told(house):
    house.protime.switch(drop_probability=1.0)
    numbers = house.protime.generate(collection="assignments", count=250, changes=250, seed=1)
    assert house.json("sync", "acme", "assignments")["records"] == len(numbers) == 250
    until(lambda: len(house.subscriber.events) == 250, 20, "all records arrived")
    assert {event["origin"] for event in house.subscriber.events} == {"sync"}
    house.protime.generate(collection="assignments", resources=numbers, changes=10, seed=2)
    found = house.json("reconcile", "acme", "assignments")
    assert found["missed"]
    until(lambda: len(house.subscriber.events) == 250 + len(found["missed"]), 20, "what was missed arrived")
    assert {event["origin"] for event in house.subscriber.events[250:]} == {"reconcile"}
    until(house.settled, 10, "drained")
    assert house.ledger()["balanced"]


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

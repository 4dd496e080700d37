"""The promises under `kill -9`: acceptance, delivery, duplicates, order, truth, and a ledger that balances.

`SHIFTWIRE_TEST_SEED` varies the changes, the faults and the moments of the kills.
"""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest

from tests.e2e.chaos import Chaos, plan
from tests.e2e.installation import ASSIGNMENTS, Installation, until
from tests.e2e.promises import differences, lost, overtaken, unstable
from tests.e2e.stand_in import StandIn

SEED = int(os.environ.get("SHIFTWIRE_TEST_SEED", "1"))
RESOURCES, PER_SECOND = 500, 350
FAULTS = {
    "duplicate_probability": 0.03,
    "drop_probability": 0.03,
    "reorder_probability": 0.05,
    "reorder_seconds": 1.5,
    "delivery_seed": SEED,
    "webhook_validity_seconds": 20,
}


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize(("fetch", "changes"), [("payload", 10_000), ("delta", 3000)])
def test_nothing_is_lost_under_kills(install, figures, fetch: str, changes: int):
    installation: Installation = install(
        collections={"assignments": {**ASSIGNMENTS["assignments"], "fetch": fetch, "poll_seconds": 2}},
        sink={"batch": 50},
        settings=FAULTS,
        extra={"subscriptions": {"check_seconds": 1, "renew_at": 0.5}},
    )
    figures(f"{fetch}, seed {SEED}: {traffic_under_kills(installation, changes)}")
    protime, sink = installation.protime, installation.subscriber
    truth, last, firsts = protime.state(), sink.last(), [event for _, event in sink.first_deliveries()]
    dropped = lost_last_words(protime.deliveries(), truth)
    figures(f"{len(sink.events)} deliveries of {len(firsts)} events, {len(dropped)} last words dropped")

    assert differences(truth, last) == {}
    assert lost(protime.accepted(), firsts, every=fetch == "payload") == []
    assert overtaken(firsts) == []
    assert unstable(sink.events) == []
    assert len(dropped) >= 10
    assert [s for s in dropped if last[s]["origin"] != "delta"] == []
    ledger = installation.ledger()
    figures(f"{ledger}")
    assert (ledger["in_flight"], ledger["dead_lettered"], ledger["rejected"]) == (0, 0, 0)
    listed = installation.json("events", "list", "--limit", "100000")
    assert {e["id"] for e in listed} == {e["id"] for e in firsts}
    assert len(listed) == len(firsts) == ledger["delivered"]


def traffic_under_kills(installation: Installation, changes: int) -> str:
    """Returns when all is quiet again and the sink has caught up."""
    rng, seconds = random.Random(SEED), changes / PER_SECOND
    protime = installation.protime
    installation.start_all("serve", "work", "work2", "schedule")
    # A sink that takes its time is hit by more kills between a delivery and its bookkeeping.
    installation.subscriber.seconds = lambda: random.uniform(0, 0.05)
    begun = time.monotonic()
    resources = protime.generate(count=RESOURCES, changes=changes, seed=SEED, per_second=PER_SECOND)
    chaos = Chaos(installation, plan(rng, seconds))
    chaos.start()
    remove_and_plan_again(protime, resources, rng, seconds)
    until(chaos.done.is_set, 60, "the last kill is over")
    until(lambda: protime.stats()["generating"] == 0, 60, "all changes are made")
    change_without_telling(protime, 10)
    until(protime.quiet, 60, "Protime has got rid of all notifications", every=0.5)
    traffic = time.monotonic() - begun
    until(installation.caught_up, 30, "the sink has the last state of everything", every=0.5)
    until(installation.settled, 15, "nothing is in flight")
    settled = time.monotonic() - begun - traffic
    return (
        f"{len(protime.deliveries())} notifications, {len(protime.accepted())} accepted in {traffic:.0f} s, settled "
        f"{settled:.1f} s later, {chaos.revived} processes found no store when they started"
    )


def remove_and_plan_again(
    protime: Any, resources: list[int], rng: random.Random, seconds: float
) -> list[int]:
    """While changes are made: somebody deletes 40 of the records, and every second one comes back."""
    removed = rng.sample(resources, 40)
    for place, number in enumerate(removed):
        time.sleep(rng.uniform(0, 2 * seconds / len(removed)))
        protime.remove(number)
        if place % 2:
            protime.plan(id=number)


def change_without_telling(protime: StandIn, count: int) -> None:
    protime.switch(drop_probability=1.0)
    there = [entry["record"]["id"] for entry in protime.state().values() if not entry["deleted"]]
    for number in there[:count]:
        protime.write(id=number, comments="a last word that nobody is told")
    protime.switch(drop_probability=FAULTS["drop_probability"])


def lost_last_words(deliveries: list[dict[str, Any]], truth: dict[str, Any]) -> list[str]:
    """Resources whose last change Protime tried to tell nobody."""
    tried = {(f"assignments/{d['id']}", d["changeVersion"]) for d in deliveries if d["attempts"]}
    return [s for s, entry in truth.items() if (s, entry["changeVersion"]) not in tried]

"""A sink that asks for the net change, under `kill -9` and refusals: the last state arrives, and an id stands for one event.

`SHIFTWIRE_TEST_SEED` varies the changes, the refusals and the moments of the kills.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.e2e.chaos import Chaos, plan
from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import differences, overtaken, unstable

SEED = int(os.environ.get("SHIFTWIRE_TEST_SEED", "1"))
RESOURCES, CHANGES, PER_SECOND = 60, 2400, 200


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(240)
def test_net_changes_lose_nothing_under_kills(install, figures):
    collapse = {"quiet_seconds": 0.3, "max_wait_seconds": 1}
    installation: Installation = install(collections=PAYLOAD, sink={"batch": 20, "collapse": collapse})
    installation.start_all("serve", "work", "work2", "schedule")
    protime, sink, rng = installation.protime, installation.subscriber, random.Random(SEED)
    sink.status = lambda _: 500 if rng.random() < 0.1 else 200
    # A sink that takes its time is hit by more kills between a delivery and its bookkeeping.
    sink.seconds = lambda: random.uniform(0, 0.1)
    seconds = CHANGES / PER_SECOND
    ids = protime.generate(count=RESOURCES, changes=CHANGES, seed=SEED, per_second=PER_SECOND)
    chaos = Chaos(installation, plan(random.Random(SEED), seconds))
    chaos.start()
    for place, number in enumerate(random.Random(SEED).sample(ids, 20)):
        protime.remove(number)
        if place % 2:
            protime.plan(id=number)
    until(chaos.done.is_set, 90, "the last kill is over")
    until(lambda: protime.stats()["generating"] == 0, 60, "all changes are made")
    until(protime.quiet, 60, "Protime has got rid of all notifications", every=0.5)
    until(installation.caught_up, 60, "the sink has the last state of everything", every=0.5)
    until(installation.settled, 30, "nothing is in flight")

    firsts = [event for _, event in sink.first_deliveries()]
    ledger = installation.ledger()
    figures(
        f"seed {SEED}: {len(firsts)} events for {ledger['delivered'] + ledger['filtered']} changes; {ledger}"
    )
    assert differences(protime.state(), sink.last()) == {}
    assert overtaken(firsts) == []
    assert unstable(sink.events) == []
    assert ledger["dead_lettered"] == 0
    assert ledger["delivered"] == len(firsts) < ledger["filtered"]

"""Sixty simulated days with everything that befalls a tenant in sixty days: at the end the sink knows what Protime knows.

`SHIFTWIRE_TEST_SOAK_DAYS`, `SHIFTWIRE_TEST_SOAK_SECONDS_PER_DAY` and `SHIFTWIRE_TEST_SEED` vary it.
"""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from tests.e2e.installation import Installation, until
from tests.e2e.promises import lost, overtaken, unstable
from tests.e2e.soak import Soak, switches
from tests.e2e.soak_logs import surprises
from tests.e2e.soak_promises import abandoned, accepting, lost_for_good, renewals, told, unlike
from tests.e2e.soak_schedule import DELTA_LIFE, RENEW_AT, TROUBLES, WEBHOOK_VALIDITY, steps, strikes, written
from tests.e2e.subscriber import Event

SEED = int(os.environ.get("SHIFTWIRE_TEST_SEED", "1"))
DAYS = int(os.environ.get("SHIFTWIRE_TEST_SOAK_DAYS", "60"))
SECONDS = float(os.environ.get("SHIFTWIRE_TEST_SOAK_SECONDS_PER_DAY", "1.5"))
PATIENCE = 90.0
#: Of each collection, at least; 4 days are left for a silence. Somebody's interference takes the place of one.
RENEWALS = int((DAYS - 4) // (WEBHOOK_VALIDITY * RENEW_AT + 4))

DATED: dict[str, Any] = {"since": "2026-01-01", "poll_seconds": SECONDS / 4}
#: Besides webhooks, calculated-totals have their delta alone, absences reconciliation alone, the others both.
RECONCILED = {**DATED, "reconcile": {"every_seconds": 2 * SECONDS, "days_back": 7, "days_ahead": 7}}
COLLECTIONS = {
    "assignments": {**RECONCILED, "fetch": "delta"},
    "calculated-totals": {**DATED, "fetch": "delta"},
    "clockings": {**RECONCILED, "fetch": "payload"},
    "absences": {**RECONCILED, "fetch": "resource"},
}


def test_every_day_a_worker_is_killed_and_every_trouble_comes_and_ends():
    befalling = steps(SEED, 60, tuple(COLLECTIONS))
    kills = strikes(SEED, 60)
    assert (befalling, kills) == (steps(SEED, 60, tuple(COLLECTIONS)), strikes(SEED, 60))
    assert [int(kill.at) for kill in kills if {"work", "work2"} & {*kill.names}] == list(range(60))
    for what, trouble in TROUBLES.items():
        times = [step for step in befalling if step.what == what]
        assert len(times) >= 2
        if trouble.lasts[1]:
            assert [step.ends for step in times] == [False, True] * (len(times) // 2)
    assert max(step.at for step in befalling) < 60


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(300 + 3 * DAYS * SECONDS)
def test_after_sixty_days_the_sink_knows_what_protime_knows(install, figures):
    installation: Installation = install(
        collections=COLLECTIONS,
        sink={"batch": 20},
        settings={**switches(SECONDS), "delivery_seed": SEED},
        tenant={"delta_life_seconds": DELTA_LIFE * SECONDS},
        extra={"subscriptions": {"check_seconds": SECONDS / 2, "renew_at": RENEW_AT}},
    )
    soak = Soak(installation, SEED, DAYS, SECONDS)
    print(f"seed {SEED}, {DAYS} days of {SECONDS} s\n{written(soak.steps, soak.strikes)}")  # noqa: T201
    installation.start_all("serve", "work", "work2", "schedule")
    begun = time.monotonic()
    revived = soak.run()
    days = time.monotonic() - begun
    come_to_rest(soak)
    rest = time.monotonic() - begun - days
    figures(
        f"seed {SEED}: {DAYS} days in {days:.0f} s, at rest {rest:.1f} s later, {revived} processes found no store"
    )

    firsts = [event for _, event in installation.subscriber.first_deliveries()]
    assert overtaken(firsts) == []
    assert unstable(installation.subscriber.events) == []
    assert {"webhook", "delta", "reconcile"} <= {event["origin"] for event in firsts}
    for collection in COLLECTIONS:
        check_collection(soak, collection, firsts)
    ledger = installation.ledger()
    figures(f"{ledger}")
    assert (ledger["in_flight"], ledger["dead_lettered"], ledger["rejected"]) == (0, 0, 0)
    assert len(firsts) == ledger["delivered"]
    assert surprises(installation.directory) == []


def come_to_rest(soak: Soak) -> None:
    """No fault any more: every channel works, the sink catches up, and each collection has its one webhook."""
    installation = soak.installation
    until(soak.protime.quiet, PATIENCE, "Protime has got rid of all notifications", every=0.5)
    before = len(installation.subscriber.events)
    for name in (n for n, settings in COLLECTIONS.items() if settings["fetch"] != "resource"):
        until(lambda: told_by_delta(soak, name, before), PATIENCE, f"the delta of {name} lives", every=0.5)  # noqa: B023
    for name in COLLECTIONS:
        until(lambda: caught_up(installation, name), PATIENCE, f"the sink knows all {name}", every=0.5)  # noqa: B023
    until(lambda: listening(installation) == sorted(COLLECTIONS), PATIENCE, "each has one webhook", every=0.5)
    until(installation.settled, PATIENCE, "nothing is in flight", every=0.5)


def told_by_delta(soak: Soak, collection: str, before: int) -> bool:
    soak.plan_untold(collection)
    events = soak.installation.subscriber.events[before:]
    return any(e["origin"] == "delta" and e["data"]["collection"] == collection for e in events)


def caught_up(installation: Installation, collection: str) -> bool:
    return not differences_of(installation, collection)


def differences_of(installation: Installation, collection: str) -> dict[str, str]:
    last = installation.subscriber.last().items()
    seen = {subject: event for subject, event in last if event["data"]["collection"] == collection}
    return unlike(installation.protime.state(collection), seen)


def listening(installation: Installation) -> list[str]:
    """The collection of every webhook there is; one that is not enabled shows."""
    return sorted(
        w["collectionName"] if w["status"] == "Enabled" else f"{w['collectionName']} ({w['status']})"
        for w in installation.protime.webhooks()
    )


def check_collection(soak: Soak, collection: str, firsts: list[Event]) -> None:
    protime = soak.protime
    truth, deliveries = protime.state(collection), protime.deliveries(collection)
    assert differences_of(soak.installation, collection) == {}
    missing = lost(protime.accepted(collection), firsts, every=False)
    assert lost_for_good(missing, truth) == []
    lives, useful = protime.lives(collection), accepting(deliveries)
    assert abandoned(lives, useful, soak.interfered) == [], told(lives, useful, soak.interfered)
    disturbed = len(soak.interfered & {delivery["webhook"] for delivery in deliveries})
    assert renewals(deliveries, soak.interfered) >= RENEWALS - disturbed

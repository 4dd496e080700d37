"""Every way between two processes in trouble once, in one installation; `python -m tests.prove` tries all of them often."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.installation import Installation
from tests.prove import faults_network, relay
from tests.prove.fault import Fault, Moment
from tests.prove.relay import Relay
from tests.prove.trial import run

TROUBLES = (
    (relay.RECEIVER, faults_network.half_answers),
    (relay.RECEIVERS_STORE, faults_network.held_up),
    (relay.WORKERS_STORE, faults_network.cut),
    (relay.WORKERS_STORE, faults_network.half_answers),
    (relay.SCHEDULERS_STORE, faults_network.cut),
    (relay.API, faults_network.half_answers),
    (relay.SINK, faults_network.slow),
    (relay.SINK, faults_network.held_up),
)


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_trouble_of_the_network_loses_or_overtakes_anything(tmp_path: Path) -> None:
    relays = {way: Relay(way) for way, _ in TROUBLES}
    left = iter(TROUBLES)

    def strike(moment: Moment) -> None:
        way, trouble = next(left)
        trouble(relays[way])(moment)

    def prepare(house: Installation) -> Callable[[], None]:
        closing = ExitStack()
        for proxied in relays.values():
            closing.callback(proxied.prepare(house))
        return closing.close

    house = {"sink": {"batch": 50, "timeout_seconds": 2}}
    fault = Fault("a network in trouble", "", "", "", strike, "", house=house, prepare=prepare)
    verdict = run(fault, tmp_path, moments=len(TROUBLES), seed=1)
    assert (verdict.lost, verdict.reordered, verdict.moments) == (0, 0, len(TROUBLES))

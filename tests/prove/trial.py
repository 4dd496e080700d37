"""One fault against a whole installation of its own: real processes, real Redis, traffic that never stops.

start ─▶ traffic ─▶ (a random moment ─▶ strike ─▶ how long until all flows again), as often as asked ─▶ quiet ─▶ verdict
"""

from __future__ import annotations

import random
import time
from pathlib import Path

from tests.e2e.installation import Installation, until
from tests.prove.fault import Fault, Moment
from tests.prove.traffic import Traffic
from tests.prove.verdict import Seen, Verdict, judge

#: So many new records lie in every partition.
FRESH = 40
#: When a fault is survived at all, all flows again long before.
PATIENCE = 60.0
#: The exit code of a process that found no store when it started (`shiftwire --help`).
UNREACHABLE = 69


def run(fault: Fault, directory: Path, *, moments: int, seed: int) -> Verdict:
    """Raises AssertionError with words when something does not come back at all."""
    house = Installation(
        directory, **{"collections": dict(fault.collections), "sink": {"batch": 50}, **fault.house}
    )
    undo = fault.prepare(house)
    try:
        house.start_all(*fault.processes)
        flowing = _strikes(fault, house, moments, seed)
        return judge(_quiet(house, flowing), every=fault.every, forgets=fault.forgets)
    finally:
        house.stop()
        undo()


def _strikes(fault: Fault, house: Installation, moments: int, seed: int) -> list[float]:
    moment = Moment(house, random.Random(seed))
    traffic = Traffic(house.simulator_port, seed)
    traffic.begin()
    try:
        flowing = []
        for _ in range(moments):
            time.sleep(moment.rng.uniform(0.3, 1.3))
            fault.strike(moment)
            flowing.append(seconds_to_full_flow(house, fault.name))
        return flowing
    finally:
        traffic.stop()


def seconds_to_full_flow(house: Installation, what: str) -> float:
    """New records in all partitions, planned now, and how long until the last of them is at the sink."""
    begun, known = time.time(), len(house.subscriber.events)
    made = {f"assignments/{house.protime.plan()['id']}" for _ in range(FRESH)}
    came: dict[str, float] = {}

    def all_came() -> bool:
        nonlocal known
        start_again(house)
        for at, event in house.subscriber.since(known):
            known += 1
            if event["subject"] in made:
                came.setdefault(event["subject"], at)
        return len(came) == len(made)

    until(all_came, PATIENCE, f"{what}: new records arrive", every=0.02)
    return max(came.values()) - begun


def start_again(house: Installation) -> None:
    """What an orchestrator does with processes that found no store. Nothing else makes a process end by itself."""
    ended = {n: p.returncode for n, p in house.processes.items() if p.poll() not in {None, UNREACHABLE}}
    assert ended == {}, f"ended by themselves, with exit codes: {ended}"
    house.revive()


def _quiet(house: Installation, flowing: list[float]) -> Seen:
    until(house.protime.quiet, PATIENCE, "Protime has got rid of all notifications", every=0.2)
    until(house.caught_up, PATIENCE, "the sink has the last state of everything", every=0.2)
    until(house.settled, 15, "nothing is in flight")
    ledger = house.ledger()
    assert (ledger["dead_lettered"], ledger["rejected"]) == (0, 0), ledger
    return Seen(house.protime.state(), house.protime.accepted(), list(house.subscriber.events), flowing)

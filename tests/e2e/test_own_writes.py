"""Own writes by the command line come back as events: a sink gets of them what it asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, reachable, until

BODY = '{"person": {"id": 1}, "from": "2026-03-10", "until": "2026-03-10", "activityLevels": []}'


def plan(installation: Installation) -> int:
    """Creates an assignment and changes it, by the command line."""
    number = int(installation.json("assignments", "create", "acme", "--data", BODY)["id"])
    installation.json("assignments", "update", "acme", str(number), "--comments", "ours")
    return number


@pytest.mark.e2e
@pytest.mark.parametrize("own_writes", ["mark", "drop"])
def test_a_sink_that_asks_tells_our_writes_from_others(install: Any, own_writes: str) -> None:
    installation: Installation = install(collections=PAYLOAD, sink={"own_writes": own_writes, "batch": 10})
    installation.start_all()
    number = plan(installation)
    installation.protime.write(id=number, comments="theirs")
    until(lambda: installation.settled() and installation.protime.quiet(), 20, "all is delivered")
    told = [(e["data"]["change"], e.get("ownwrite", False)) for e in installation.subscriber.of(number)]
    theirs = [("updated", False)]
    ours = [("created", True), ("updated", True)]
    assert told == (ours + theirs if own_writes == "mark" else theirs)
    row = installation.ledger()
    assert (row["filtered"], row["delivered"]) == ((0, 3) if own_writes == "mark" else (2, 1))


@pytest.mark.e2e
def test_without_the_store_nothing_is_sent_if_a_sink_asks(install: Any) -> None:
    installation: Installation = install(collections=PAYLOAD, sink={"own_writes": "drop"})
    installation.start("simulator")
    until(lambda: reachable(installation.simulator_port), 15, "the simulator answers")
    done = installation.run("assignments", "create", "acme", "--data", BODY)
    assert done.returncode == 69, done.stderr
    assert "store" in done.stderr
    assert installation.protime.calls("POST /assignments") == 0

"""Messages for people: a planner's many edits are one notification, also when the worker is killed meanwhile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.workers.sinks.receiver import Receiver

SHIFTS, EDITS = 5, 3


@pytest.fixture
def channel() -> Iterator[Receiver]:
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


def notified(channel: Receiver) -> list[dict[str, Any]]:
    return [json.loads(request.body) for request in channel.requests]


def staff(channel: Receiver, **options: Any) -> dict[str, Any]:
    return {
        "type": "notify",
        "urls": [f"json://127.0.0.1:{channel.port}/staff"],
        "batch": 100,
        "digest": {"wait_seconds": 1.5},
        "retry": {"min_seconds": 0.1, "max_seconds": 1},
        **options,
    }


@pytest.mark.e2e
def test_fifteen_edits_of_five_shifts_are_one_notification_of_their_net_changes(install, channel, figures):
    collapse = {"quiet_seconds": 2, "max_wait_seconds": 60}
    installation: Installation = install(
        collections=PAYLOAD, extra={"sinks": {"staff": staff(channel, collapse=collapse)}}
    )
    installation.start_all()
    protime = installation.protime
    shifts = [protime.plan()["id"] for _ in range(SHIFTS)]
    until(lambda: installation.ledger()["delivered"] == SHIFTS, 20, "the new shifts are told")
    told = len(notified(channel))

    for edit in range(1, EDITS + 1):
        for shift in shifts:
            protime.write(id=shift, startTimeInMinutes=480 + 15 * edit)
    until(lambda: installation.ledger()["in_flight"] == SHIFTS * EDITS, 10, "all edits wait")
    installation.kill("work")
    installation.start("work")
    until(lambda: len(notified(channel)) > told, 30, "people are notified")
    until(installation.settled, 10, "nothing is in flight")

    (message,) = notified(channel)[told:]
    figures(message["message"].replace("\n", " | "))
    assert message["title"] == f"{SHIFTS} changes"
    lines = sorted(message["message"].splitlines())
    assert [line.split()[2] for line in lines] == sorted(str(shift) for shift in shifts)
    assert all("rescheduled" in line and "08:45" in line and line.endswith("(3 changes)") for line in lines)
    row = installation.ledger()
    assert (row["delivered"], row["filtered"]) == (2 * SHIFTS, SHIFTS * (EDITS - 1))
    events = installation.json("events", "list")
    first_edits = [e for e in events if e["data"]["change"] == "updated" and e["data"]["id"] == shifts[0]]
    assert len(first_edits) == EDITS

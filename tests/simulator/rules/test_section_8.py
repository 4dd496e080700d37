from __future__ import annotations

import asyncio
from typing import Any

import pytest

from simulator.settings import Settings

# Not read off the simulator's table: these are Protime's own.
COLLECTIONS = (
    "absences",
    "absence-definitions",
    "absence-groups",
    "access-clockings",
    "activity-durations",
    "assignments",
    "break-definitions",
    "breaks",
    "calculated-totals",
    "clockings",
    "contracts",
    "counters",
    "counter-definitions",
    "counter-groups",
    "paid-presences",
    "people",
    "shift-definitions",
    "work-interruptions",
)
URL = "http://127.0.0.1:1/in"


async def subscribe(sim: Any, collection: str) -> Any:
    return await sim.post("/webhooks", {"destinationUrl": URL, "collectionName": collection})


async def settled(sim: Any) -> None:
    async with asyncio.timeout(5):
        while (await sim.control("GET", "/stats")).json()["pending"]:  # noqa: ASYNC110 - seen over HTTP only
            await asyncio.sleep(0.005)


@pytest.mark.rule("8.1-collections")
async def test_eighteen_collections_have_webhooks(sim: Any) -> None:
    assert len(COLLECTIONS) == 18
    for name in COLLECTIONS:
        assert (await subscribe(sim, name)).status_code == 201, name


@pytest.mark.rule("8.2-no-test-call")
async def test_the_first_call_is_a_real_event(sim: Any) -> None:
    await subscribe(sim, "assignments")
    await settled(sim)
    assert sim.receiver.posts == []
    await sim.add()
    await settled(sim)
    assert len(sim.receiver.posts) == 1


@pytest.mark.rule("8.5-json")
async def test_an_event_says_that_it_is_json(sim: Any) -> None:
    await subscribe(sim, "assignments")
    await sim.add()
    await settled(sim)
    _, headers, _ = sim.receiver.posts[0]
    assert headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.rule("8.7-time-limit")
def test_the_time_limit_is_ten_seconds() -> None:
    assert Settings().delivery_timeout_seconds == 10.0


@pytest.mark.rule("8.7-time-limit", "8.8-disabled")
async def test_a_destination_that_hangs_has_failed_when_the_time_is_over(make_sim: Any) -> None:
    sim = await make_sim(delivery_timeout_seconds=0.05, retry_seconds=[0])
    sim.receiver.seconds = 60
    created = (await subscribe(sim, "assignments")).json()
    await sim.add()
    await settled(sim)
    (event,) = (await sim.get(f"/webhooks/{created['id']}/events")).json()["value"]
    assert event["status"] == "Failed"
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"

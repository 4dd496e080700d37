from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

HOOK = {"destinationUrl": "http://127.0.0.1:1/in", "collectionName": "assignments"}


async def arrived(sim: Any, count: int) -> list[tuple[str, int]]:
    """Wait for so many posts; what they told of, in order."""
    async with asyncio.timeout(5):
        while len(sim.receiver.posts) < count:  # noqa: ASYNC110 - the receiver has no event for it
            await asyncio.sleep(0.005)
    bodies = [json.loads(body) for _, _, body in sim.receiver.posts]
    return [(body["changeType"], body["data"]["id"]) for body in bodies]


@pytest.mark.rule("8.5-disorder")
async def test_a_delete_can_arrive_before_the_insert(make_sim: Any) -> None:
    sim = await make_sim(delete_first_probability=1.0)
    await sim.post("/webhooks", HOOK)
    key = await sim.add()
    await sim.delete(f"/assignments/{key}")
    assert await arrived(sim, 2) == [("Delete", key), ("InsertOrUpdate", key)]
    stats = (await sim.control("GET", "/stats")).json()
    assert (stats["pending"], stats["deliveries"]["delete_first"]) == (0, 1)


async def test_an_event_waits_for_a_delete_only_so_long(make_sim: Any) -> None:
    sim = await make_sim(delete_first_probability=1.0, delete_first_seconds=0.05)
    await sim.post("/webhooks", HOOK)
    key = await sim.add()
    assert await arrived(sim, 1) == [("InsertOrUpdate", key)]
    await sim.delete(f"/assignments/{key}")
    assert await arrived(sim, 2) == [("InsertOrUpdate", key), ("Delete", key)]


@pytest.mark.rule("8.8-pending")
async def test_what_waits_is_dropped_when_its_webhook_ends(make_sim: Any) -> None:
    sim = await make_sim(delete_first_probability=1.0)
    created = (await sim.post("/webhooks", HOOK)).json()
    await sim.add()
    await sim.control("POST", f"/webhooks/{created['id']}", {"action": "disable"})
    stats = (await sim.control("GET", "/stats")).json()
    assert (stats["pending"], stats["deliveries"]["abandoned"]) == (0, 1)
    (event,) = (await sim.get(f"/webhooks/{created['id']}/events")).json()["value"]
    assert event["status"] == "Dropped"


@pytest.mark.rule("8.5-fan-out")
async def test_events_can_be_held_and_leave_together(make_sim: Any) -> None:
    sim = await make_sim(burst_seconds=0.5)
    await sim.post("/webhooks", HOOK)
    await asyncio.sleep(0.5 - time.monotonic() % 0.5 + 0.02)  # a burst has just left
    for _ in range(10):
        await sim.add()
    await asyncio.sleep(0.1)
    assert sim.receiver.posts == []
    assert len(await arrived(sim, 10)) == 10


@pytest.mark.rule("8.7-time-limit")
async def test_a_slow_destination_is_a_failure(make_sim: Any) -> None:
    sim = await make_sim(delivery_timeout_seconds=0.02, retry_seconds=[0])
    created = (await sim.post("/webhooks", HOOK)).json()
    sim.receiver.seconds = 0.3
    await sim.add()
    await arrived(sim, 1)
    await asyncio.sleep(0.1)
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"


@pytest.mark.rule("2.3-missing-scope")
async def test_a_missing_scope_can_be_401(make_sim: Any) -> None:
    sim = await make_sim(missing_scope_status=401)
    await sim.log_in("assignments.read")
    response = await sim.get("/people")
    assert (response.status_code, response.json()["error"]["code"]) == (401, "Unauthorized")

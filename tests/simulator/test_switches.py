"""Switches that no other test turns: each acts, at the start and while the simulator runs."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.simulator.conftest import NOON

LIST = "/assignments?filter=date ge '2026-01-01'"
HOOK = {"destinationUrl": "http://127.0.0.1:1/in", "collectionName": "assignments"}


async def test_the_longest_uri_is_settable(sim: Any) -> None:
    sim.settings.max_uri_length = 60
    assert (await sim.get("/people")).status_code == 200
    assert (await sim.get("/people?filter=person in (1,2,3,4,5)")).status_code == 414


async def test_the_wait_of_a_maintenance_window_is_settable(sim: Any) -> None:
    sim.settings.unavailable, sim.settings.retry_after_seconds = True, 7
    assert (await sim.get("/people")).headers["Retry-After"] == "7"


async def test_the_life_of_a_paging_token_is_settable(make_sim: Any) -> None:
    sim = await make_sim(page_size=1, continuation_life_seconds=5.0)
    link = (await sim.get("/people")).json()["nextLink"]
    sim.clock.now += 5
    assert (await sim.get(link)).status_code == 200
    sim.clock.now += 1
    assert (await sim.get(link)).status_code == 409


async def test_the_longest_range_is_settable(sim: Any) -> None:
    ranged = "/clockings?filter=date ge '2026-01-01' and date le '2026-01-10'"
    assert (await sim.get(ranged)).status_code == 200
    sim.settings.max_range_days = 5
    assert (await sim.get(ranged)).status_code == 400


async def test_the_life_of_a_delta_is_settable(make_sim: Any) -> None:
    sim = await make_sim(delta_life_seconds=10.0)
    _, link, _ = await sim.follow(f"{LIST}&delta")
    sim.clock.now += 11
    assert (await sim.get(link)).status_code == 410


@pytest.mark.parametrize(("per", "status"), [("tenant", 410), ("client", 200)])
async def test_the_one_active_delta_is_the_tenants_or_each_clients(sim: Any, per: str, status: int) -> None:
    sim.settings.delta_per = per
    _, link, _ = await sim.follow(f"{LIST}&delta")
    first = sim.http.headers["Authorization"]
    sim.settings.client_id = "another"
    await sim.log_in()
    await sim.follow(f"{LIST}&delta")
    assert (await sim.get(link, Authorization=first)).status_code == status


async def test_the_validity_of_a_webhook_is_settable(make_sim: Any) -> None:
    sim = await make_sim(webhook_validity_seconds=60.0)
    created = (await sim.post("/webhooks", HOOK)).json()
    assert datetime.fromisoformat(created["validUntil"]).timestamp() == NOON + 60


async def test_the_status_of_a_webhooks_deletion_is_settable(make_sim: Any) -> None:
    sim = await make_sim(webhook_delete_status=200)
    created = (await sim.post("/webhooks", HOOK)).json()
    assert (await sim.delete(f"/webhooks/{created['id']}")).status_code == 200


async def test_the_number_of_events_kept_is_settable(make_sim: Any) -> None:
    sim = await make_sim(event_history=2)
    created = (await sim.post("/webhooks", HOOK)).json()
    keys = [await sim.add() for _ in range(3)]
    kept = (await sim.get(f"/webhooks/{created['id']}/events")).json()["value"]
    assert [event["resourceId"] for event in kept] == keys[1:]


async def test_recalculation_can_be_off(make_sim: Any) -> None:
    sim = await make_sim(recalculation=False)
    await sim.add("clockings")
    assert (await sim.control("GET", "/state/calculated-totals")).json() == {}


async def test_the_same_delivery_seed_loses_the_same_events(sim: Any) -> None:
    await sim.post("/webhooks", HOOK)
    sim.settings.drop_probability = 0.5
    sent = []
    for seed in (5, 5, 6):
        await sim.control("PATCH", "/settings", {"delivery_seed": seed})
        before = len(sim.receiver.posts)
        for _ in range(20):
            await sim.add()
        await asyncio.sleep(0.05)
        sent.append(len(sim.receiver.posts) - before)
    assert 0 < sent[0] < 20
    assert sent[0] == sent[1] != sent[2]


async def test_a_status_of_the_token_endpoint_that_has_no_name_is_answered_too(sim: Any) -> None:
    sim.settings.token_status = 599
    assert (await sim.token()).status_code == 599

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from tests.simulator.conftest import NOON

DAYS_3 = 72 * 3600.0
START = "/assignments?filter=date ge '2026-01-01'&delta"
LIST = "/assignments?filter=date ge '2026-01-01'"
HOOK = {"destinationUrl": "http://127.0.0.1:1/in", "collectionName": "assignments"}


@pytest.mark.rule("6.1-72-hours")
async def test_72_hours_of_a_delta_pass_in_a_second(make_sim: Any) -> None:
    sim = await make_sim(time_factor=DAYS_3)
    _, link, _ = await sim.follow(START)
    sim.clock.now += 0.9
    assert (await sim.get(link)).status_code == 200
    sim.clock.now += 1.1
    assert (await sim.get(link)).status_code == 410


async def test_the_factor_of_deltas_multiplies_on_top(make_sim: Any) -> None:
    sim = await make_sim(time_factor=100.0, delta_time_factor=DAYS_3 / 100)
    _, link, _ = await sim.follow(START)
    sim.clock.now += 1.1
    assert (await sim.get(link)).status_code == 410


async def test_what_passed_before_the_factor_changed_does_not_count_by_the_new_one(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    sim.clock.now += 600
    await sim.control("PATCH", "/settings", {"time_factor": DAYS_3})
    assert (await sim.get(link)).status_code == 200
    sim.clock.now += 1.1
    assert (await sim.get(link)).status_code == 410


async def test_paging_tokens_follow_the_factor(make_sim: Any) -> None:
    sim = await make_sim(time_factor=900.0, page_size=1)
    await sim.add()
    await sim.add()
    link = (await sim.get(LIST)).json()["nextLink"]
    sim.clock.now += 1.1
    assert (await sim.get(link)).status_code == 409


async def test_a_webhooks_validity_is_told_in_the_time_of_the_world_outside(make_sim: Any) -> None:
    sim = await make_sim(time_factor=30 * 86_400 / 10)
    created = (await sim.post("/webhooks", HOOK)).json()
    assert datetime.fromisoformat(created["validUntil"]).timestamp() == NOON + 10
    sim.clock.now += 9
    shown = (await sim.get(f"/webhooks/{created['id']}")).json()
    assert (shown["status"], shown["validUntil"]) == ("Enabled", created["validUntil"])
    sim.clock.now += 1
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"


async def test_a_changed_factor_moves_the_validity_of_a_webhook(sim: Any) -> None:
    created = (await sim.post("/webhooks", HOOK)).json()
    sim.clock.now += 15 * 86_400
    await sim.control("PATCH", "/settings", {"time_factor": 86_400.0})
    await sim.log_in()
    shown = (await sim.get(f"/webhooks/{created['id']}")).json()
    assert datetime.fromisoformat(shown["validUntil"]).timestamp() == NOON + 15 * 86_400 + 15


async def test_tokens_live_in_real_time_unless_told_otherwise(make_sim: Any) -> None:
    sim = await make_sim(time_factor=180.0)
    assert (await sim.token()).json()["expires_in"] == 1800
    sim.clock.now += 60
    assert (await sim.get("/people")).status_code == 200
    sim.settings.tokens_follow_time = True
    assert (await sim.token()).json()["expires_in"] == 10
    await sim.log_in()
    sim.clock.now += 9
    assert (await sim.get("/people")).status_code == 200
    sim.clock.now += 1
    assert (await sim.get("/people")).status_code == 401


async def test_the_retry_table_follows_the_factor(make_sim: Any) -> None:
    sim = await make_sim(retry_seconds=[0, 3600], time_factor=360_000.0)
    await sim.post("/webhooks", HOOK)
    sim.receiver.statuses = [500]
    await sim.add()
    await arrived(sim, 2)


async def test_retries_that_wait_already_follow_a_changed_factor(make_sim: Any) -> None:
    sim = await make_sim(retry_seconds=[0, 3600])
    await sim.post("/webhooks", HOOK)
    sim.receiver.statuses = [500]
    await sim.add()
    await arrived(sim, 1)
    await sim.control("PATCH", "/settings", {"time_factor": 360_000.0})
    await arrived(sim, 2)
    assert (await sim.control("GET", "/stats")).json()["pending"] == 0


async def arrived(sim: Any, count: int) -> None:
    async with asyncio.timeout(5):
        while len(sim.receiver.posts) < count:  # noqa: ASYNC110 - the receiver has no event for it
            await asyncio.sleep(0.005)
    await asyncio.sleep(0.01)

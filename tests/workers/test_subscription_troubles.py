"""What becomes of subscriptions when Protime does not do what it is asked, at the simulator and in a real Redis."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from tests.workers.subscription_house import PUBLIC, House
from tests.workers.tenants import Tenant, simulated
from workers.store.subscriptions import Subscription

BOTH = ("assignments", "clockings")


async def stray(tenant: Tenant, path: str, collection: str) -> str:
    return (await tenant.client.create_webhook(f"{PUBLIC}/webhooks/acme/{path}", collection)).id


async def turned(tenant: Tenant, **switches: Any) -> None:
    await tenant.control("PATCH", "settings", switches)


@pytest.mark.rule("8.2-no-key")
async def test_a_webhook_without_a_key_stops_its_subscription_until_the_next_regular_check(
    redis: Redis,
) -> None:
    async with simulated(*BOTH, webhook_key_property="hmacKey") as tenant:
        house = House(redis, tenant)
        with capture_logs() as logs:
            await house.check()
        assert (await house.at_protime(), await house.records()) == ({}, [])
        assert sorted(await house.stops.all("acme")) == list(BOTH)
        said = [entry for entry in logs if entry["log_level"] == "error"]
        assert [entry["collection"] for entry in said] == list(BOTH)
        assert all("hmacKey" in entry["error"] for entry in said)
        assert all("tenants.acme.webhook_key_names" in entry["to_do"] for entry in said)
        await house.check(again=True)
        assert await house.creations() == 2
        await house.check()
        assert await house.creations() == 4


async def test_a_stopped_subscription_goes_on_when_its_key_is_found_by_a_process_that_never_met_it(
    redis: Redis,
) -> None:
    async with simulated(*BOTH, webhook_key_property="hmacKey") as tenant:
        await House(redis, tenant).check()
        await turned(tenant, webhook_key_property="key")
        house = House(redis, tenant)
        await house.check()
        assert await house.stops.all("acme") == {}
        assert sorted((await house.at_protime()).values()) == list(BOTH)


async def test_a_stopped_subscription_is_not_tried_when_another_collection_makes_the_check_repeat(
    redis: Redis,
) -> None:
    trouble = {"webhook_creation_error": 503, "webhook_creation_error_of": ["assignments"]}
    async with simulated("assignments", **trouble) as tenant:  # no scope for clockings
        house = House(redis, tenant)
        await house.check()
        assert (list(await house.stops.all("acme")), await house.creations()) == (["clockings"], 2)
        await house.check(again=True)
        assert await house.creations() == 3


async def test_another_reason_for_a_stopped_subscription_is_told_too(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_creation_error=403, webhook_key_property="hmacKey") as tenant:
        house = House(redis, tenant)
        await house.check()
        await turned(tenant, webhook_creation_error=0)
        with capture_logs() as logs:
            await house.check()
            await house.check()
        said = [entry for entry in logs if entry["log_level"] == "error"]
        assert ["hmacKey" in entry["error"] for entry in said] == [True, True]


async def test_a_stop_is_shown_until_the_next_regular_check_however_rare_these_are(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_key_property="hmacKey") as tenant:
        house = House(redis, tenant, check_seconds=3600)
        await house.check()
        assert {stop.counts for stop in (await house.stops.all("acme")).values()} == {3 * 3600}


async def test_a_webhook_without_a_key_that_cannot_be_deleted_gets_no_companion(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_key_property="hmacKey", webhook_deletion_error=503) as tenant:
        house = House(redis, tenant)
        for _ in range(3):
            await house.check()
        assert sorted((await house.at_protime()).values()) == list(BOTH)
        await turned(tenant, webhook_deletion_error=0)
        await house.check()
        assert await house.at_protime() == {}


async def test_a_collection_in_trouble_keeps_neither_the_others_nor_the_tidying_from_their_turn(
    redis: Redis,
) -> None:
    async with simulated(*BOTH, "people") as tenant:
        left = await stray(tenant, "people/left-behind", "people")
        await turned(tenant, webhook_creation_error=503, webhook_creation_error_of=["assignments"])
        house = House(redis, tenant)
        await house.check()
        assert left not in await house.at_protime()
        assert list((await house.at_protime()).values()) == ["clockings"]
        await turned(tenant, webhook_creation_error=0)
        await house.check(again=True)
        assert sorted((await house.at_protime()).values()) == list(BOTH)
        asked = await tenant.calls("GET /webhooks")
        await house.check(again=True)
        assert await tenant.calls("GET /webhooks") == asked


@pytest.mark.parametrize(("status", "soon"), [(503, True), (400, False)])
async def test_a_webhook_that_cannot_be_deleted_keeps_no_other_and_only_trouble_is_tried_again_soon(
    redis: Redis, status: int, soon: bool
) -> None:
    async with simulated(*BOTH, "people") as tenant:
        for name in ("one", "two"):
            await stray(tenant, f"people/{name}", "people")
        await turned(tenant, webhook_deletion_error=status)
        house = House(redis, tenant)
        await house.check()
        assert await tenant.calls("DELETE /webhooks/{id}") == 2
        assert Counter((await house.at_protime()).values()) == {"assignments": 1, "clockings": 1, "people": 2}
        await turned(tenant, webhook_deletion_error=0)
        await house.check(again=True)
        assert ("people" in (await house.at_protime()).values()) is not soon


@pytest.mark.rule("8.2-lost-answer")
async def test_lost_answers_leave_one_webhook_at_most_and_none_in_the_end(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_creation_error=504, webhook_creation_lost=True) as tenant:
        house = House(redis, tenant)
        await house.check()
        for _ in range(4):
            await house.check(again=True)
            assert Counter((await house.at_protime()).values()) == {"assignments": 1, "clockings": 1}
        await turned(tenant, webhook_creation_error=0)
        await house.check(again=True)
        held = {s.webhook for s in await house.records() if s.keys}
        assert held == set(await house.at_protime())
        assert len(held) == 2


@pytest.mark.parametrize("status", [400, 403, 409, 429])
async def test_a_creation_that_failed_for_certain_leaves_no_record(redis: Redis, status: int) -> None:
    async with simulated(*BOTH, webhook_creation_error=status) as tenant:
        house = House(redis, tenant)
        await house.check()
        assert await house.creations() == 2
        assert await house.records() == []


@pytest.mark.parametrize("status", [408, 503, 504])
async def test_a_creation_whose_answer_was_lost_leaves_a_record_that_keeps_its_path(
    redis: Redis, status: int
) -> None:
    async with simulated(*BOTH, webhook_creation_error=status) as tenant:
        house = House(redis, tenant)
        await house.check()
        assert sorted((s.collection, s.keys) for s in await house.records()) == [(name, ()) for name in BOTH]


@pytest.mark.parametrize("status", [0, 400, 403, 504])
async def test_a_record_without_a_webhook_is_dropped_after_two_minutes_whatever_becomes_of_the_next(
    redis: Redis, status: int
) -> None:
    async with simulated(*BOTH, webhook_creation_error=status) as tenant:
        house = House(redis, tenant)
        for token, age in (("old", 125), ("young", 60)):
            url = f"{PUBLIC}/webhooks/acme/clockings/{token}"
            began = datetime.now(UTC) - timedelta(seconds=age)
            await house.stored.put("acme", Subscription("clockings", token, url, began))
        await house.check()
        assert {s.token for s in await house.records()} & {"old", "young"} == {"young"}

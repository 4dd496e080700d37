"""Webhooks that do not deliver yet, at the simulator and in a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from redis.asyncio import Redis

from tests.workers.subscription_house import House
from tests.workers.tenants import simulated
from workers.protime import Webhook

BOTH = ("assignments", "clockings")


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(5):
        while not await true():  # noqa: ASYNC110  # the simulator tells nobody
            await asyncio.sleep(0.05)


async def all_enabled(house: House) -> bool:
    return all(w.status == "Enabled" for w in await house.webhooks())


def kinds(webhooks: tuple[Webhook, ...]) -> list[str]:
    return sorted(w.collection_name for w in webhooks)


@pytest.mark.rule("8.3-status", "1.2-unknown-values")
@pytest.mark.parametrize("status", ["Uninitialized", "Starting"])
async def test_a_webhook_that_is_not_disabled_lives_and_is_not_made_anew(redis: Redis, status: str) -> None:
    async with simulated(*BOTH, webhook_first_status=status, webhook_enabled_after_seconds=3600.0) as tenant:
        house = House(redis, tenant)
        for _ in range(3):
            await house.check()
        assert kinds(await house.webhooks()) == list(BOTH)
        assert await house.creations() == 2


@pytest.mark.rule("8.3-status", "8.9-no-gap")
async def test_an_old_webhook_goes_only_after_the_new_one_delivered_beside_it(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_validity_seconds=10.0) as tenant:
        house = House(redis, tenant, renew_at=0.1, check_seconds=0.3)
        await house.check()
        old = set(await house.at_protime())
        later = {"webhook_validity_seconds": 3000.0, "webhook_enabled_after_seconds": 1.0}
        await tenant.control("PATCH", "settings", later)
        await asyncio.sleep(1.05)
        await house.check()
        both = set(await house.at_protime())
        assert (old < both, len(both)) == (True, 4)
        await asyncio.sleep(0.4)  # longer than both are to live side by side
        await house.check(again=True)
        assert set(await house.at_protime()) == both
        await until(lambda: all_enabled(house))
        await house.check(again=True)
        assert set(await house.at_protime()) == both
        await asyncio.sleep(0.35)
        await house.check()
        assert set(await house.at_protime()) == both - old


@pytest.mark.rule("8.9-sync")
async def test_a_gap_lasts_until_the_new_webhook_delivers_which_is_looked_at_soon(redis: Redis) -> None:
    async with simulated(*BOTH, webhook_enabled_after_seconds=0.5) as tenant:
        house = House(redis, tenant)
        await house.check()
        await house.check(again=True)
        assert house.gaps == [True, True]
        await until(lambda: all_enabled(house))
        await house.check(again=True)
        assert house.gaps == [True, True, True, True]
        asked = await tenant.calls("GET /webhooks")
        await house.check(again=True)
        assert await tenant.calls("GET /webhooks") == asked


async def test_a_webhook_that_delivers_nothing_for_minutes_is_looked_at_with_the_regular_checks(
    redis: Redis,
) -> None:
    async with simulated(*BOTH, webhook_enabled_after_seconds=3600.0) as tenant:
        house = House(redis, tenant)
        await house.check()
        for record in await house.records():
            began = datetime.now(UTC) - timedelta(minutes=3)
            await house.stored.put("acme", msgspec.structs.replace(record, created_at=began))
        await house.check()
        asked = await tenant.calls("GET /webhooks")
        await house.check(again=True)
        assert await tenant.calls("GET /webhooks") == asked

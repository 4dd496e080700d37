"""The life of subscriptions, at the simulator and in a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.workers.subscription_house import KEY, PUBLIC, House
from tests.workers.tenants import Tenant, simulated
from workers import clock
from workers.store.scripts import Scripts
from workers.store.subscriptions import Subscriptions
from workers.store.vault import CannotOpen, Vault


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated("assignments", "clockings") as made:
        yield made


@pytest.mark.rule("8.5-own-path")
async def test_missing_webhooks_are_created_each_with_its_own_path_and_key(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.check()
    assert sorted((await house.at_protime()).values()) == ["assignments", "clockings"]
    stored = await house.stored.all("acme")
    assert len({s.token for s in stored}) == len({s.keys for s in stored}) == 2
    assert all(s.destination_url == f"{PUBLIC}/webhooks/acme/{s.collection}/{s.token}" for s in stored)
    assert sorted(house.created) == [("acme", "assignments"), ("acme", "clockings")]


async def test_a_second_check_changes_nothing(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.check()
    before = await house.at_protime()
    await house.check()
    assert await house.at_protime() == before


@pytest.mark.rule("8.8-disabled", "8.9-no-gap")
async def test_a_disabled_webhook_is_replaced_and_deleted_last(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.check()
    old = next(id_ for id_, name in (await house.at_protime()).items() if name == "clockings")
    await tenant.control("POST", f"webhooks/{old}", {"action": "disable"})
    await house.check()
    assert old not in await house.at_protime()
    assert sorted((await house.at_protime()).values()) == ["assignments", "clockings"]


@pytest.mark.rule("8.9-no-gap")
async def test_a_replaced_path_goes_on_accepting_what_was_under_way_to_it(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.check()
    for webhook in await house.at_protime():
        await tenant.control("POST", f"webhooks/{webhook}", {"action": "disable"})
    await house.check()
    stored = await house.stored.all("acme")
    assert sorted(bool(s.retired_at) for s in stored) == [False, False, True, True]
    assert all(s.keys for s in stored)


@pytest.mark.rule("8.9-validity")
async def test_a_webhook_past_its_share_of_life_is_replaced_and_deleted_last(redis: Redis) -> None:
    """Between the two, both deliver: what Protime is about to send by the old one still comes."""
    async with simulated("assignments", "clockings", webhook_validity_seconds=3.0) as tenant:
        house = House(redis, tenant, renew_at=0.1, check_seconds=0.5)
        await house.check()
        before = set(await house.at_protime())
        await tenant.control("PATCH", "settings", {"webhook_validity_seconds": 3000.0})
        await asyncio.sleep(0.4)
        await house.check()
        both = set(await house.at_protime())
        assert before < both
        assert len(both) == 4
        await asyncio.sleep(0.5)
        await house.check()
        assert set(await house.at_protime()) == both - before


@pytest.mark.rule("8.2-lost-answer")
async def test_an_orphan_of_ours_is_removed_and_somebody_elses_webhook_stays(
    redis: Redis, tenant: Tenant
) -> None:
    orphan = await tenant.client.create_webhook(
        f"{PUBLIC}/webhooks/acme/clockings/left-by-a-crash", "clockings"
    )
    other = await tenant.client.create_webhook("https://other.example.com/in", "clockings")
    house = House(redis, tenant)
    await house.check()
    assert orphan.id not in await house.at_protime()
    assert other.id in await house.at_protime()


async def test_with_manage_false_protime_is_not_touched(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    object.__setattr__(house.keeper._config.subscriptions, "manage", False)
    await house.check()
    assert await tenant.calls("GET /webhooks") == 0


@pytest.mark.rule("8.2-key-once")
async def test_keys_are_encrypted_at_rest(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.check()
    keys = [key.encode() for s in await house.stored.all("acme") for key in s.keys]
    raw = b"".join((await redis.hgetall("sw:{acme}:subscriptions")).values())
    assert keys
    assert not any(key in raw for key in keys)
    with pytest.raises(CannotOpen, match="secret_key"):
        await Subscriptions(Scripts(redis), Vault("another key")).all("acme")


async def test_a_check_encrypts_anew_what_a_previous_secret_key_has_encrypted(
    redis: Redis, tenant: Tenant
) -> None:
    await House(redis, tenant).check()
    new = "the secret key that replaces it, long enough"
    house = House(redis, tenant, vault=Vault(new, [KEY]))
    await house.check()
    assert len(await Subscriptions(Scripts(redis), Vault(new)).all("acme")) == 2
    assert house.created == []


async def test_a_check_that_failed_is_repeated_soon(redis: Redis, tenant: Tenant) -> None:
    await tenant.control("PATCH", "settings", {"unavailable": True})
    house = House(redis, tenant)
    await house.check()
    await tenant.control("PATCH", "settings", {"unavailable": False})
    await house.check(again=True)
    assert len(await house.at_protime()) == 2


async def test_a_check_that_came_to_its_end_is_not_repeated_before_its_time(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.check()
    calls = await tenant.calls("GET /webhooks")
    await house.check(again=True)
    assert await tenant.calls("GET /webhooks") == calls


@pytest.mark.rule("8.9-sync")
async def test_a_first_webhook_and_one_after_a_dead_one_leave_a_gap_but_a_renewed_one_does_not(
    redis: Redis,
) -> None:
    async with simulated("assignments", "clockings", webhook_validity_seconds=3.0) as tenant:
        house = House(redis, tenant, renew_at=0.1)
        await house.check()
        assert house.gaps == [True, True]
        await asyncio.sleep(0.4)
        await house.check()
        assert house.gaps == [True, True, False, False]
        for webhook in await house.at_protime():
            await tenant.control("POST", f"webhooks/{webhook}", {"action": "disable"})
        await house.check()
        assert house.gaps[4:] == [True, True]


async def test_a_collection_that_protime_refuses_stops_and_the_others_go_on(redis: Redis) -> None:
    async with simulated("assignments") as tenant:  # no scope for clockings
        house = House(redis, tenant)
        await house.check()
        assert list((await house.at_protime()).values()) == ["assignments"]
        stops = await house.stops.all("acme")
        assert list(stops) == ["clockings"]
        assert "403" in stops["clockings"].error
        before = await house.at_protime()
        await house.check()
        assert await house.at_protime() == before


async def test_a_client_without_the_scope_for_webhooks_is_not_asked_every_few_seconds(redis: Redis) -> None:
    async with simulated("assignments", "clockings", scopes=["assignments.read", "clockings.read"]) as tenant:
        house = House(redis, tenant)
        await house.check()
        assert list(await house.stops.all("acme")) == ["webhooks"]
        asked = await tenant.calls("GET /webhooks")
        await house.check(again=True)
        assert await tenant.calls("GET /webhooks") == asked


async def test_a_scope_that_is_granted_later_is_enough_to_go_on(redis: Redis) -> None:
    async with simulated("assignments", "clockings", token_status=400) as tenant:
        house = House(redis, tenant)
        await house.check()
        assert list(await house.stops.all("acme")) == ["webhooks"]
        await tenant.control("PATCH", "settings", {"token_status": 0})
        await house.check()
        assert await house.stops.all("acme") == {}
        assert sorted((await house.at_protime()).values()) == ["assignments", "clockings"]


async def test_a_webhook_whose_end_moved_nearer_is_replaced_in_time(redis: Redis) -> None:
    """What Protime says of it today counts, not what it said when it was made."""
    async with simulated("assignments", "clockings", webhook_validity_seconds=3000.0) as tenant:
        house = House(redis, tenant, renew_at=0.1)
        await house.check()
        before = set(await house.at_protime())
        await tenant.control("PATCH", "settings", {"time_factor": 500.0})
        await asyncio.sleep(0.9)
        await house.check()
        assert len(set(await house.at_protime()) - before) == 2


async def test_the_clock_that_all_processes_share_says_when_a_webhook_is_due(
    redis: Redis, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(redis, tenant)
    await house.check()
    before = set(await house.at_protime())
    monkeypatch.setattr(clock.SHARED, "_ahead", time.time() - time.monotonic() + 29 * 86_400)
    await house.check()
    assert len(set(await house.at_protime()) - before) == 2

"""A renewal that somebody asked for: there is another webhook, or everything is as it was and the reason is told."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from tests.workers.subscription_house import House
from tests.workers.tenants import Tenant, simulated
from workers.protime import KeyMissing, PermissionDenied, Transient
from workers.store.keys import tenant_key
from workers.store.leases import Leases
from workers.store.scripts import Scripts
from workers.subscriptions import CheckUnderWay


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated("assignments", "clockings") as made:
        yield made


@pytest.mark.rule("8.9-no-gap")
async def test_the_old_webhook_is_replaced_and_deleted_by_a_later_check(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant, check_seconds=1)
    await house.check()
    old = {s.collection: s.webhook for s in await house.stored.all("acme")}
    made = await house.keeper.renew("acme", "clockings")
    listed = await house.at_protime()
    assert sorted(listed) == sorted([*old.values(), made.webhook])
    assert listed[made.webhook] == "clockings"
    retired = [s.webhook for s in await house.stored.all("acme") if s.retired_at]
    assert retired == [old["clockings"]]


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ({"unavailable": True}, Transient),
        ({"webhook_key_property": "hmacKey"}, KeyMissing),
    ],
)
async def test_without_a_new_webhook_the_old_one_is_not_retired(
    redis: Redis, tenant: Tenant, trouble: dict[str, object], error: type[Exception]
) -> None:
    house = House(redis, tenant)
    await house.check()
    before, listed = await house.stored.all("acme"), await house.at_protime()
    await tenant.control("PATCH", "settings", trouble)
    with pytest.raises(error):
        await house.keeper.renew("acme", "clockings")
    await tenant.control("PATCH", "settings", {"unavailable": False})
    assert await house.stored.all("acme") == before
    assert await house.at_protime() == listed
    assert await house.stops.all("acme") == {}


async def test_a_scope_that_is_refused_is_told_to_whoever_renews(redis: Redis) -> None:
    async with simulated("assignments") as tenant:  # no scope for clockings
        house = House(redis, tenant)
        with pytest.raises(PermissionDenied):
            await house.keeper.renew("acme", "clockings")
        assert await house.stops.all("acme") == {}


async def test_a_renewal_beside_a_check_is_refused(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.check()
    assert await Leases(Scripts(redis)).acquire(tenant_key("acme", "subscriptions:lock"))
    with pytest.raises(CheckUnderWay):
        await house.keeper.renew("acme", "clockings")

"""Webhooks that are not what the configuration wants any more, at the simulator and in a real Redis."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from redis.asyncio import Redis

from tests.workers.subscription_house import KEY, PUBLIC, House, Killed
from tests.workers.tenants import simulated
from workers.store.vault import Vault

BOTH = ("assignments", "clockings")


@pytest.mark.rule("8.9-no-gap")
async def test_after_a_changed_public_url_new_webhooks_deliver_before_those_at_the_old_host_go(
    redis: Redis,
) -> None:
    async with simulated(*BOTH) as tenant:
        await House(redis, tenant).check()
        old = await House(redis, tenant).at_protime()
        others = await tenant.client.create_webhook(f"{PUBLIC}/webhooks/acme/clockings/theirs", "clockings")
        house = House(redis, tenant, public_url="https://new.example.com", check_seconds=0.3)
        await house.check()
        both = set(await house.at_protime())
        assert {*old, others.id} < both
        assert len(both) == 5
        assert house.gaps == [True, True]  # nobody knows what arrived at the old host
        await asyncio.sleep(0.35)
        await house.check()
        new = await house.webhooks()
        assert {w.id for w in new} == both - set(old)
        assert {w.destination_url[:24] for w in new if w.id != others.id} == {"https://new.example.com/"}
        await house.check()
        assert await house.creations() == 5


async def test_while_there_is_no_webhook_at_the_new_host_those_at_the_old_one_stay(redis: Redis) -> None:
    async with simulated(*BOTH) as tenant:
        await House(redis, tenant).check()
        old = await House(redis, tenant).at_protime()
        house = House(redis, tenant, public_url="https://new.example.com", check_seconds=0.1)
        for switches in ({"webhook_creation_error": 503}, {"webhook_creation_error": 400}):
            await tenant.control("PATCH", "settings", switches)
            await house.check()
            await asyncio.sleep(0.15)
        assert await house.at_protime() == old
        assert not any(s.retired_at for s in await house.records())


NUMBERS = {"people": "@employee-number"}
NUMBERED = {"people": ["@employee-number"]}
BADGES = {"people": ["@employee-number", "@badge-number"]}


@pytest.mark.rule("8.2-references", "8.9-no-gap")
async def test_other_external_references_replace_the_webhooks_which_go_last(redis: Redis) -> None:
    async with simulated(*BOTH) as tenant:
        await House(redis, tenant, references=NUMBERS).check()
        old = set(await House(redis, tenant).at_protime())
        house = House(redis, tenant, references=BADGES, check_seconds=0.3)
        await house.check()
        assert len(old | set(await house.at_protime())) == 4
        assert house.gaps == [False, False]
        await asyncio.sleep(0.35)
        await house.check()
        names = {"people": BADGES["people"]}
        assert [w.external_references for w in await house.webhooks()] == [names, names]
        assert old.isdisjoint(await house.at_protime())


async def test_the_same_external_references_in_another_order_replace_nothing(redis: Redis) -> None:
    async with simulated(*BOTH) as tenant:
        await House(redis, tenant, references=BADGES).check()
        old = await House(redis, tenant).at_protime()
        turned = {"people": list(reversed(BADGES["people"]))}
        await House(redis, tenant, references=turned).check()
        assert await House(redis, tenant).at_protime() == old


async def test_external_references_that_are_wanted_no_more_replace_the_webhooks_too(redis: Redis) -> None:
    async with simulated(*BOTH) as tenant:
        await House(redis, tenant, references=NUMBERS).check()
        house = House(redis, tenant)
        await house.check()
        assert [w.external_references for w in await house.webhooks()] == [NUMBERED, NUMBERED, None, None]


async def test_the_records_of_an_earlier_release_replace_nothing_until_the_configuration_changes(
    redis: Redis,
) -> None:
    async with simulated(*BOTH) as tenant:
        house = House(redis, tenant, references=NUMBERS)
        await house.check()
        await as_an_earlier_release_wrote_them(redis)
        upgraded = House(redis, tenant, references=NUMBERS)
        await upgraded.check()
        assert (await house.creations(), upgraded.created) == (2, [])
        await House(redis, tenant, references=BADGES).check()
        assert await house.creations() == 4


async def test_a_process_killed_before_it_told_of_a_new_webhook_leaves_that_to_the_next_check(
    redis: Redis,
) -> None:
    async with simulated(*BOTH) as tenant:
        house = House(redis, tenant, references=NUMBERS)
        house.dies = True
        with pytest.raises(Killed):
            await house.check()
        (left,) = await house.records()
        assert (left.collection, left.references) == ("assignments", (("people", "@employee-number"),))
        house.dies = False
        await house.check()
        await house.check()
        assert house.created == [("acme", name) for name in BOTH]
        assert await house.creations() == 2


async def as_an_earlier_release_wrote_them(redis: Redis) -> None:
    key, vault = "sw:{acme}:subscriptions", Vault(KEY)
    for field, sealed in (await redis.hgetall(key)).items():
        known = msgspec.json.decode(vault.open(sealed))
        del known["delivers_since"], known["references"]
        await redis.hset(key, field, vault.seal(msgspec.json.encode(known)))

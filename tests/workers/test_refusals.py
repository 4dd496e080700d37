"""What stops when Protime refuses, in a real Redis."""

from __future__ import annotations

import time

import msgspec
from redis.asyncio import Redis

from workers.protime import Invalid, PermissionDenied
from workers.refusals import Refusals
from workers.store.stops import Stop, Stops


async def test_a_collection_and_its_subscription_stop_and_go_on_each_by_itself(redis: Redis) -> None:
    stops = Stops(redis)
    refusals = Refusals(stops)
    await refusals.unsubscribed("acme", "clockings", Invalid("no such webhook"), 300)
    assert not refusals.resting("acme", "clockings")
    await refusals.met("acme", "clockings", PermissionDenied("no such scope"))
    assert {n: s.error for n, s in (await stops.all("acme")).items()} == {"clockings": "no such scope"}
    await refusals.over("acme", "clockings")
    assert {n: s.error for n, s in (await stops.all("acme")).items()} == {"clockings": "no such webhook"}
    assert await refusals.without_subscription("acme") == {"clockings"}
    await refusals.subscribed("acme", "clockings")
    assert await stops.all("acme") == {}


async def test_a_stop_counts_for_as_long_as_it_says_and_one_of_an_earlier_release_for_a_quarter_of_an_hour(
    redis: Redis,
) -> None:
    now = time.time()
    for name, at, counts in (("long", now - 3000, 3600.0), ("over", now - 3000, 2000.0)):
        await redis.hset("sw:{acme}:stops", name, msgspec.json.encode(Stop(at, at, "refused", counts)))
    for name, at in (("earlier", now - 800), ("earlier still", now - 1000)):
        old = {"since": at, "at": at, "error": "refused"}
        await redis.hset("sw:{acme}:stops", name, msgspec.json.encode(old))
    assert sorted(await Stops(redis).all("acme")) == ["earlier", "long"]

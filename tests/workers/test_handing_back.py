"""Dead letters are handed back where somebody takes them, and never behind a newer version that the sink was given."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from tests.service.rig import config, managed
from workers.config import Config
from workers.handing_back import HandingBack, NotHandedBack
from workers.store import Store
from workers.store.dead_letters import DeadLetter
from workers.store.gate import Apply
from workers.store.inbox import Arrival
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.outcomes import Dead, Outcome, Park, Retried

P = Partition("acme", 0)
FAR_MS = 9_999_999_999_999


def configured(**sinks: Any) -> Config:
    hook = {"type": "webhook", "url": "https://example.com/in", "unsigned": True}
    data = managed(store={"partitions": 1})
    data["sinks"] = {name: {**hook, **how} for name, how in (sinks or {"planning": {}}).items()}
    return config(data)


def event(resource: str, version: str, change: str = "updated") -> bytes:
    collection, _, number = resource.partition("/")
    data = {"tenant": "acme", "collection": collection, "id": int(number), "change": change}
    head = {
        "id": f"acme/{resource}/{version}",
        "type": f"eu.myprotime.assignment.{change}.v1",
        "subject": resource,
        "sequence": version,
        "time": "2026-11-01T00:00:00.000Z",
        "data": data,
    }
    rest = ("source", "partitionkey", "origin", "dataschema", "datacontenttype")
    return msgspec.json.encode({**dict.fromkeys(rest, "x"), **head})


class House:
    """The sink `planning`, and events of `assignments/1` from number 1 on."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.store = Store(configured(), redis)
        self.lane = Lane(self.store.scripts, P, "planning")

    async def log(self, count: int, change: str = "updated") -> None:
        name = "assignments/1"
        for _ in range(count):
            number = int(await self.redis.hget(P.counts, "applied") or 0) + 1
            version = f"{number:02}"
            await self.store.inbox.append("acme", "webhook", [Arrival(name, version, False, b"{}")])
            batch = await self.store.inbox.read(P, "me")
            assert batch is not None
            before = str(number - 1)
            rendered = event(name, version, change)
            apply = Apply(name, batch.entries[0].id, before, version, False, b"{}", rendered)
            await self.store.gate.pass_through(P, [apply])
        await self.store.inbox.leave(P, "me")

    async def letters(self) -> list[DeadLetter]:
        return [letter async for letter in self.store.dead_letters.all("acme")]

    async def retry(self, letter: DeadLetter, config: Config | None = None, **how: Any) -> None:
        await HandingBack(config or configured(), self.store.dead_letters, **how).retry(letter.id)

    async def waiting(self) -> list[int]:
        found = await self.lane.read_parked("them") or []
        await self.redis.delete(self.lane.retrying)
        return [number for one in found for number, _ in one.events]

    async def balanced(self) -> bool:
        return (await self.store.ledger.row("acme", "planning")).balanced


@pytest.fixture
async def house(redis: Redis) -> House:
    house = House(redis)
    await house.lane.register()
    return house


def dead(number: int) -> Dead:
    return Dead(number, "assignments/1", 20, "gave up after 20 attempts", "HTTP 500")


async def test_behind_a_newer_version_that_was_delivered_a_letter_stays_and_that_one_is_named(
    house: House,
) -> None:
    await house.log(2)
    await house.lane.commit("me", 0, Outcome(2, delivered=[2], dead=[dead(1)]))
    [letter] = await house.letters()
    with pytest.raises(
        NotHandedBack, match=r"a newer version was delivered \(acme/assignments/1/02\).*--force"
    ):
        await house.retry(letter)
    assert [x.id for x in await house.letters()] == [letter.id]
    assert await house.waiting() == []
    assert await house.balanced()


async def test_force_hands_it_back_all_the_same(house: House) -> None:
    await house.log(2)
    await house.lane.commit("me", 0, Outcome(2, delivered=[2], dead=[dead(1)]))
    [letter] = await house.letters()
    await house.retry(letter, force=True)
    assert (await house.letters(), await house.waiting()) == ([], [1])
    assert await house.balanced()


async def test_letters_of_one_record_are_handed_back_one_after_the_other(house: House) -> None:
    """The newer one was not delivered either."""
    await house.log(3)
    await house.lane.commit("me", 0, Outcome(3, dead=[dead(1), dead(2), dead(3)]))
    back = HandingBack(configured(), house.store.dead_letters)
    for letter in await house.letters():
        await back.retry(letter.id)
    assert await house.waiting() == [1, 2, 3]
    assert await house.balanced()


async def test_a_newer_letter_that_was_delivered_meanwhile_counts(house: House) -> None:
    await house.log(2)
    await house.lane.commit("me", 0, Outcome(2, dead=[dead(1), dead(2)]))
    first, second = await house.letters()
    back = HandingBack(configured(), house.store.dead_letters)
    await back.retry(first.id, do=False)  # knows now that the second is dead
    await house.retry(second)
    assert await house.lane.commit_retry(Retried("assignments/1", 2, [2]))
    with pytest.raises(NotHandedBack, match="acme/assignments/1/02"):
        await back.retry(first.id)


async def test_a_newer_version_that_waits_for_its_retry_comes_behind_it(house: House) -> None:
    await house.log(2)
    park = Park(2, "assignments/1", 1, FAR_MS, "HTTP 500")
    await house.lane.commit("me", 0, Outcome(2, dead=[dead(1)], parked=[park]))
    [letter] = await house.letters()
    await house.retry(letter)
    assert await house.waiting() == [1, 2]


async def test_a_newer_version_that_the_sink_does_not_want_is_none(house: House) -> None:
    await house.log(1, "created")
    await house.log(1, "updated")
    await house.lane.commit("me", 0, Outcome(2, filtered=[2], dead=[dead(1)]))
    [letter] = await house.letters()
    await house.retry(letter, configured(planning={"filter": {"change": ["created"]}}))
    assert await house.waiting() == [1]


async def test_the_newer_version_that_is_named_is_one_that_the_sink_got(house: House) -> None:
    await house.log(1, "created")
    await house.log(1, "updated")
    await house.log(1, "deleted")
    await house.lane.commit("me", 0, Outcome(3, delivered=[2], filtered=[3], dead=[dead(1)]))
    [letter] = await house.letters()
    with pytest.raises(NotHandedBack, match="acme/assignments/1/02"):
        await house.retry(letter, configured(planning={"filter": {"change": ["created", "updated"]}}))


async def test_a_newer_version_that_is_on_its_way_is_waited_for(house: House) -> None:
    """Its delivery cannot be called back, and the older one would come behind it."""
    await house.log(1)
    await house.lane.commit("me", 0, Outcome(1, dead=[dead(1)]))
    [letter] = await house.letters()
    await house.log(1)
    await house.lane.read("me", 10)
    handing = asyncio.create_task(house.retry(letter))
    await asyncio.sleep(0.3)
    assert not handing.done()
    await house.lane.commit("me", 1, Outcome(2, delivered=[2]))
    with pytest.raises(NotHandedBack, match="acme/assignments/1/02"):
        await handing


async def test_a_newer_version_of_which_the_log_knows_no_more_counts(house: House) -> None:
    await house.log(2)
    await house.lane.commit("me", 0, Outcome(2, delivered=[2], dead=[dead(1)]))
    await house.redis.xdel(P.events, "2-0")
    [letter] = await house.letters()
    with pytest.raises(NotHandedBack, match="event 2 of its partition"):
        await house.retry(letter)


async def test_of_more_newer_versions_than_are_looked_at_one_may_have_been_delivered(house: House) -> None:
    await house.log(60)
    await house.lane.commit("me", 0, Outcome(60, filtered=list(range(2, 61)), dead=[dead(1)]))
    [letter] = await house.letters()
    with pytest.raises(NotHandedBack, match="newer version"):
        await house.retry(letter, configured(planning={"filter": {"change": ["created"]}}))
    await house.retry(letter, force=True)
    assert await house.waiting() == [1]


async def test_the_letter_of_a_sink_that_is_not_configured_stays_with_what_to_do(house: House) -> None:
    await house.log(1)
    await house.lane.commit("me", 0, Outcome(1, dead=[dead(1)]))
    [letter] = await house.letters()
    for force in (False, True):
        with pytest.raises(NotHandedBack, match=r'no planning\. Did you mean "planner".*configure a sink'):
            await house.retry(letter, configured(planner={}), force=force)
    assert [x.id for x in await house.letters()] == [letter.id]


async def test_the_letter_of_a_tenant_that_is_not_configured_stays(house: House) -> None:
    await house.log(1)
    await house.lane.commit("me", 0, Outcome(1, dead=[dead(1)]))
    [letter] = await house.letters()
    data = managed(store={"partitions": 1})
    data["tenants"] = {"other": data["tenants"]["acme"]}
    with pytest.raises(NotHandedBack, match="acme is not configured"):
        await house.retry(letter, config(data))


async def test_a_look_hands_nothing_back(house: House) -> None:
    await house.log(1)
    await house.lane.commit("me", 0, Outcome(1, dead=[dead(1)]))
    [letter] = await house.letters()
    await HandingBack(configured(), house.store.dead_letters).retry(letter.id, do=False)
    assert [x.id for x in await house.letters()] == [letter.id]
    assert await house.waiting() == []

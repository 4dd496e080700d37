"""Each of the 18 collections the whole way: configured, loaded, told by webhook and delta, reconciled, deleted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from tests.workers.collection_examples import EXAMPLES, Example
from tests.workers.whole_tenant import house_of
from workers.collections import WEBHOOK_COLLECTIONS
from workers.store.inbox import Arrival


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Origin, change and meaning; without mere repetitions, as saving one counter group makes of all others."""
    said = [(event["origin"], event["data"]["change"], event["data"]["meaning"]) for event in events]
    return [what for what in said if what[2]]


def test_there_is_an_example_of_every_collection() -> None:
    assert sorted(EXAMPLES) == sorted(WEBHOOK_COLLECTIONS)


@pytest.mark.parametrize("name", WEBHOOK_COLLECTIONS)
async def test_a_collection_is_told_by_webhook_from_creation_to_deletion(
    redis: Redis, redis_url: str, name: str
) -> None:
    example = EXAMPLES[name]
    async with house_of(name, redis, redis_url) as house:
        number = await house.edit(**example.before)
        await house.quiet()
        await house.edit(id=number, **example.after)
        await house.quiet()
        await house.remove(number)
        await house.quiet()
        events = await house.events(number)
    assert told(events) == [
        ("webhook", "created", [example.new]),
        ("webhook", "updated", example.meaning),
        ("webhook", "deleted", [example.gone]),
    ]
    check(events, example, name, number)


def check(events: list[dict[str, Any]], example: Example, name: str, number: int) -> None:
    first = events[0]
    assert first["type"] == f"eu.myprotime.{example.singular}.created.v1"
    assert (first["data"]["start"] or "")[:19] == (example.start or "")
    whom = {"id": number} if name == "people" else example.before.get("person")
    assert all(event["data"]["person"] == whom for event in events)
    for _, reference in example.references:
        assert reference in first["data"]["resource"]["person"]["externalReferences"]
    assert events[1]["data"]["previous"] is not None


@pytest.mark.parametrize("name", WEBHOOK_COLLECTIONS)
async def test_a_collection_is_loaded_followed_by_its_delta_and_reconciled(
    redis: Redis, redis_url: str, name: str
) -> None:
    example = EXAMPLES[name]
    async with house_of(name, redis, redis_url) as house:
        house.wire.receiver = None  # every notification gets lost
        number, other = await house.edit(**example.before), await house.edit(**example.before)
        await house.load()
        assert told(await house.events(number)) == [("sync", "created", [example.new])]
        await house.pull()
        await house.edit(id=number, **example.after)
        await house.pull()
        assert told(await house.events(number))[1:] == [("delta", "updated", example.meaning)]
        await house.remove(number)
        await house.pull()
        assert told(await house.events(number))[2:] == [("delta", "deleted", [example.gone])]
        await house.edit(id=other, **example.after)
        assert f"{name}/{other}" in await house.reconcile()
        assert told(await house.events(other))[1:] == [("reconcile", "updated", example.meaning)]
        await house.remove(other)
        assert f"{name}/{other}" in await house.reconcile()
        assert told(await house.events(other))[2:] == [("reconcile", "deleted", [example.gone])]
        assert await house.reconcile() == []


MARKS = ("SECRET-NAME", "SECRET-BADGE")
PIN = "4711"  # so short that chance may bring it into a number of the store


async def test_no_hidden_value_of_a_person_is_left_anywhere_once_it_is_decided(
    redis: Redis, redis_url: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    example = EXAMPLES["people"]
    async with house_of("people", redis, redis_url) as house:
        number = await house.edit(**example.before)
        await house.edit(id=number, **example.after)
        await house.quiet()
        poison = msgspec.json.encode({**example.before, "id": "no number", "changeVersion": "1"})
        deep = msgspec.json.encode({**example.before, "inServiceDate": [[]], "id": 9})
        deep = deep.replace(b"[[]]", b"[" * 200 + b"]" * 200)
        bad = [Arrival("people/-", "", deleted=False, data=poison), Arrival("people/9", "1", False, deep)]
        bad.append(Arrival("people/10", "1", deleted=False, data=b'["SECRET-NAME"]'))
        bad.append(Arrival("people/11", "1", deleted=False, data=b'{"lastName": "SECRET-NAME'))
        await house.store.inbox.append("acme", "webhook", bad)
        events = await house.events(number)
        letters = [letter async for letter in house.store.dead_letters.all("acme")]
        found = await house.store.log.find(events[0]["id"])
        assert found is not None
        life = await house.store.log.life(found, ["archive"])
    assert [e["data"]["meaning"] for e in events] == [["joined"], ["left", "badge_changed"]]
    assert len(letters) == len(bad)
    assert all(letter.reason for letter in letters)
    kept = [await redis.dump(key) or b"" for key in await redis.keys("*")]
    told = [repr(life), repr(letters), caplog.text, *capsys.readouterr(), *map(repr, kept)]
    assert not [(mark, text[:200]) for text in told for mark in MARKS if mark in text]
    assert not [text for text in [repr(events), repr(life), repr(letters)] if PIN in text]

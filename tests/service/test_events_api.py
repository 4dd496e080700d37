from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from jsonschema import validate
from redis.asyncio import Redis

from service.event_filter import EventFilter
from tests.service.cli import shapes
from tests.service.event_log import EventLog, installed, reading
from tests.service.processes import OwnRedis
from tests.service.rig import config
from workers.store.position import Position

Page = dict[str, Any]


@pytest.fixture
async def log(redis: Redis, redis_url: str) -> EventLog:
    return EventLog(config(installed(redis_url)), redis)


@pytest.fixture
async def http(redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(installed(redis_url)) as client:
        yield client


async def get(http: httpx.AsyncClient, **query: Any) -> Page:
    answer = await http.get("/events", params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def all_pages(http: httpx.AsyncClient, **query: Any) -> list[dict[str, Any]]:
    """From a cursor to the end."""
    page = await get(http, **query)
    events = list(page["events"])
    while "next" in page:
        page = await get(http, **{**query, "after": page["next"]})
        events += page["events"]
    return events


def ids(events: list[dict[str, Any]]) -> list[str]:
    return [event["id"] for event in events]


def in_order(events: list[dict[str, Any]]) -> bool:
    """Of each record of each tenant."""
    of: dict[str, list[str]] = defaultdict(list)
    for event in events:
        of[event["source"] + event["subject"]].append(event["sequence"])
    return all(sequences == sorted(sequences) for sequences in of.values())


async def test_an_empty_log_is_an_empty_page_without_next(log: EventLog, http: httpx.AsyncClient) -> None:
    assert await get(http) == {"events": []}


@pytest.mark.parametrize("limit", [1, 3, 7, 1000])
async def test_pages_of_any_size_tell_every_event_once_and_in_order(
    log: EventLog, http: httpx.AsyncClient, limit: int
) -> None:
    for version in range(1, 6):
        await log.change(*range(10), version=version)
    events = await all_pages(http, limit=limit)
    assert sorted(ids(events)) == sorted(log.ids)
    assert in_order(events)


async def test_a_page_holds_events_as_they_were_written(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(1)
    (event,) = (await get(http))["events"]
    found = await log.store.log.find("acme/assignments/1/0001")
    assert found is not None
    assert event == found.event.as_dict()
    assert event["data"]["resource"]["comments"] == "Café 0001"


async def test_a_page_is_sorted_by_time_over_all_partitions(log: EventLog, http: httpx.AsyncClient) -> None:
    for version in range(1, 4):
        for number in range(8):
            await log.change(number, version=version)
    times = [event["time"] for event in (await get(http))["events"]]
    assert times == sorted(times)
    assert len(set(times)) > 3


async def test_there_is_next_only_where_something_follows(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(1, 2, 3)
    assert len((await get(http))["events"]) == 3
    assert "next" not in await get(http)
    assert "next" not in await get(http, limit=3)
    assert "next" in await get(http, limit=2)


async def test_the_default_is_a_hundred_events(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(*range(101))
    assert len((await get(http))["events"]) == 100


async def test_the_header_at_the_end_is_a_cursor_of_what_comes_later(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    await log.change(1, 2)
    end = (await http.get("/events")).headers["shiftwire-cursor"]
    assert await get(http, after=end) == {"events": []}
    await log.change(2, 3, version=2)
    assert sorted(ids((await get(http, after=end))["events"])) == log.ids[2:]


async def test_reading_while_events_are_written_misses_none_and_repeats_none(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    chance, cursor, told = random.Random(7), "0", list[dict[str, Any]]()
    for version in range(1, 60):
        await log.change(*chance.sample(range(20), chance.randint(1, 5)), version=version)
        answer = await http.get("/events", params={"after": cursor, "limit": chance.randint(1, 6)})
        told += answer.json()["events"]
        cursor = answer.headers["shiftwire-cursor"]
    told += await all_pages(http, after=cursor)
    assert sorted(ids(told)) == sorted(log.ids)
    assert in_order(told)


async def test_a_cursor_goes_on_after_the_configuration_changed(redis: Redis, redis_url: str) -> None:
    both = installed(redis_url, "acme", "globex")
    log = EventLog(config(both), redis)
    await log.change(1, 2, tenant="globex")
    await log.change(1, 2)
    alone = installed(redis_url, "acme")
    async with reading(alone) as http:
        first = await http.get("/events")
    assert sorted(ids(first.json()["events"])) == log.ids[2:]
    cursor = first.headers["shiftwire-cursor"]
    async with reading(both) as http:  # a tenant that is new to the cursor starts at its beginning
        second = await http.get("/events", params={"after": cursor})
    assert sorted(ids(second.json()["events"])) == sorted(log.ids[:2])
    async with reading(alone) as http:  # and one that is gone keeps its place until it is back
        third = await http.get("/events", params={"after": second.headers["shiftwire-cursor"]})
    assert third.json() == {"events": []}
    async with reading(both) as http:
        assert await get(http, after=third.headers["shiftwire-cursor"]) == {"events": []}


async def test_filters_choose(redis: Redis, redis_url: str) -> None:
    both = installed(redis_url, "acme", "globex")
    log = EventLog(config(both), redis)
    await log.change(1, 2)
    await log.change(1, version=2)
    await log.change(9, collection="clockings")
    await log.change(1, tenant="globex")

    async with reading(both) as http:

        async def chosen(**query: Any) -> set[str]:
            return set(ids(await all_pages(http, limit=1, **query)))

        acme, globex = set(log.ids[:4]), set(log.ids[4:])
        assert await chosen(tenant="acme") == acme
        assert await chosen(tenant=["acme", "globex"]) == acme | globex
        assert await chosen(collection="clockings") == {"acme/clockings/9/0001"}
        assert await chosen(type="eu.myprotime.assignment.updated.v1") == {"acme/assignments/1/0002"}
        assert await chosen(subject="assignments/1") == {log.ids[0], log.ids[2], log.ids[4]}
        assert await chosen(subject="assignments/1", tenant="globex") == globex
        assert await chosen(subject=["assignments/2", "clockings/9"]) == {log.ids[1], log.ids[3]}
        assert await chosen(tenant="") == acme | globex


async def test_readers_of_the_same_moment_get_each_their_own_page(log: EventLog) -> None:
    for version in range(1, 9):
        await log.change(*range(4), version=version)
    pages, inbox = log.store.pages, log.store.inbox
    heads, subjects = await pages.heads(), [f"assignments/{number}" for number in range(4)] * 3
    chosen = [EventFilter(subject=frozenset({subject})).wanted(inbox) for subject in subjects]
    read = await asyncio.gather(*(pages.page(Position(), heads, wanted, 100) for wanted in chosen))
    for subject, page in zip(subjects, read, strict=True):
        expected = [f"acme/{subject}/{version:04}" for version in range(1, 9)]
        assert [found.event.id for found in page.found] == expected
        own = inbox.partition("acme", subject)
        assert [page.after.of(p) for p in heads] == [heads[p] if p == own else 0 for p in heads]


async def test_one_page_looks_at_a_bounded_number_of_entries(log: EventLog, http: httpx.AsyncClient) -> None:
    for version in range(1, 9):
        await log.change(*range(800), version=version)
    await log.change(9, collection="clockings")
    page = await get(http, collection="clockings", limit=1)
    assert page["events"] == []
    assert "next" in page
    assert ids(await all_pages(http, collection="clockings", limit=1)) == ["acme/clockings/9/0001"]


async def test_a_cursor_before_what_retention_left_goes_on_with_the_oldest(
    log: EventLog, http: httpx.AsyncClient, redis: Redis
) -> None:
    await log.change(1)
    cursor = (await http.get("/events")).headers["shiftwire-cursor"]
    for version in range(2, 7):
        await log.change(1, version=version)
    partition = log.store.inbox.partition("acme", "assignments/1")
    await redis.xtrim(partition.events, minid="5-0", approximate=False)
    assert ids((await get(http, after=cursor))["events"]) == log.ids[4:]
    await redis.delete(partition.events)
    assert await get(http, after=cursor, limit=1) == {"events": []}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": "0"}, "from 1 to 1000"),
        ({"limit": "1001"}, "from 1 to 1000"),
        ({"limit": "ten"}, "from 1 to 1000"),
        ({"limit": "9" * 5000}, "from 1 to 1000"),
        ({"limit": "-1"}, "from 1 to 1000"),
        ({"limit": "\u00b2"}, "from 1 to 1000"),
        ({"after": "nonsense"}, "not a cursor"),
        ({"after": "4-0"}, "not a cursor"),
        ({"after": "A" * 40000}, "not a cursor"),
        ({"after": "caf\u00e9"}, "not a cursor"),
        ({"tenant": "acne"}, 'there is no tenant acne. Did you mean "acme"?'),
        ({"collection": "asignments"}, 'Did you mean "assignments"?'),
        ({"type": "eu.myprotime.assignment.updatd.v1"}, 'Did you mean "eu.myprotime.assignment.updated.v1"?'),
        ({"type": "x" * 5000}, f"there is no type {'x' * 60}. Known: "),
        ({"tenants": "acme"}, "unknown parameter: tenants. Known: after, limit, tenant"),
    ],
)
async def test_a_query_that_makes_no_sense_is_400_with_words(
    http: httpx.AsyncClient, query: dict[str, str], words: str
) -> None:
    answer = await http.get("/events", params=query)
    assert answer.status_code == 400
    assert words in answer.json()["error"]


async def test_a_cursor_with_a_character_changed_is_400(log: EventLog, http: httpx.AsyncClient) -> None:
    await log.change(*range(10))
    cursor = (await http.get("/events")).headers["shiftwire-cursor"]
    for at in range(len(cursor)):
        other = "A" if cursor[at] != "A" else "B"
        answer = await http.get("/events", params={"after": cursor[:at] + other + cursor[at + 1 :]})
        assert answer.status_code == 400, at
    for damaged in (cursor[:-1], cursor + "!!!!", f"{cursor[:9]} {cursor[9:]}"):
        assert (await http.get("/events", params={"after": damaged})).status_code == 400


async def test_a_cursor_ahead_of_the_log_is_told_and_not_waited_for(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    await log.change(1)
    position = Position()
    position.move(log.store.inbox.partition("acme", "assignments/1"), 2)
    answer = await http.get("/events", params={"after": position.cursor()})
    assert answer.status_code == 400
    assert "ahead of the log" in answer.json()["error"]


async def test_the_life_of_an_event_is_what_the_command_line_shows(
    log: EventLog, http: httpx.AsyncClient
) -> None:
    await log.change(1)
    await log.change(1, version=2)
    for path in ("/events/acme/assignments/1/0002", "/events/acme%2Fassignments%2F1%2F0002"):
        answer = await http.get(path)
        assert answer.status_code == 200
        life = answer.json()
        validate(life | {"deliveries": [{"sink": "", "at": "", "outcome": ""}]}, shapes.LIFE)
        assert life["event"]["id"] == "acme/assignments/1/0002"
        assert life["decision"]["decision"] == "applied"
        assert life["deliveries"] == []


@pytest.mark.parametrize(
    "unknown", ["acme/assignments/1/0009", "acme/assignments/7/0001", "nobody/assignments/1/0001", "nonsense"]
)
async def test_an_unknown_event_is_404_with_words(
    log: EventLog, http: httpx.AsyncClient, unknown: str
) -> None:
    await log.change(1)
    answer = await http.get(f"/events/{unknown}")
    assert answer.status_code == 404
    assert unknown in answer.json()["error"]


@pytest.mark.parametrize("path", ["/events", "/events/acme/assignments/1/0001", "/events/stream"])
async def test_503_while_the_store_is_away(own_redis: OwnRedis, path: str) -> None:
    async with reading(installed(own_redis.url)) as http:
        own_redis.kill()
        answer = await http.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["error"]
        own_redis.start()
        assert (await http.get("/events")).status_code == 200

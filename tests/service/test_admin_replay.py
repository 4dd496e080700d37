"""What operators do about replays over HTTP: the same as at the command line."""

from __future__ import annotations

import asyncio
import time
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from service import replay_bodies
from service.admin_replay import AdminReplay
from service.cli.replay import Range, replay
from tests.service.event_log import OPERATOR, EventLog, installed, reading
from tests.service.processes import OwnRedis
from tests.service.replayed import (
    ARCHIVE,
    CANCEL,
    CREATED,
    REPLAYS,
    delivered,
    post,
    replays,
    work_off,
)
from tests.service.rig import config
from workers.replay.estimate import Pauses
from workers.store.replay_batches import Line


async def test_a_dry_run_tells_what_would_be_replayed_and_orders_nothing(operator: httpx.AsyncClient) -> None:
    for body in ({}, {"confirm": False}):
        answer = await post(operator, **ARCHIVE, **body)
        counted = answer.json()
        assert answer.status_code == 200
        assert (counted["confirmed"], counted["events"], counted["overtaken"]) == (False, 4, 0)
        assert counted["by_type"][CREATED] == 2
        assert counted["oldest"] <= counted["newest"]
    assert await replays(operator) == []


@pytest.mark.parametrize(
    ("conditions", "events"),
    [
        ({"type": CREATED}, 2),
        ({"type": [CREATED, "eu.myprotime.assignment.updated.v1"]}, 3),
        ({"tenant": "acme", "collection": ["clockings"]}, 1),
        ({"subject": "assignments/1"}, 2),
        ({"since": "2020-01-01", "until": "2999-01-01T00:00:00Z"}, 4),
        ({"until": "2020-01-01"}, 0),
    ],
)
async def test_the_conditions_are_those_of_the_command_line(
    operator: httpx.AsyncClient, conditions: dict[str, Any], events: int
) -> None:
    assert (await post(operator, **ARCHIVE, **conditions)).json()["events"] == events


def test_the_names_are_those_of_the_command_line() -> None:
    at_the_command_line = {field.name for field in fields(Range)} | set(signature(replay).parameters)
    there_only = {"context", "config", "as_json", "status", "cancel", "wait"}
    assert set(replay_bodies.ORDER) == at_the_command_line - there_only


async def test_what_is_confirmed_reaches_the_sink(
    operator: httpx.AsyncClient, data: dict[str, Any], log: EventLog, tmp_path: Path
) -> None:
    answer = await post(operator, **ARCHIVE, type=[CREATED], force=True, confirm=True)
    ordered = answer.json()
    assert answer.status_code == 202
    assert (ordered["confirmed"], ordered["state"], ordered["looked_at"]) == (True, "running", 0)
    assert (ordered["conditions"], ordered["force"]) == ({"type": [CREATED]}, True)
    await work_off(config(data), data["store"]["url"])
    told = delivered(tmp_path)
    assert {event["id"] for event in told} == set(log.ids[:2])
    assert {event["origin"] for event in told} == {"replay"}
    [done] = await replays(operator)
    assert (done["id"], done["state"], done["delivered"]) == (ordered["id"], "done", 2)
    assert done["looked_at"] == done["total"]
    assert done["ended"] >= done["ordered"]


async def test_one_at_a_time_and_it_can_be_cancelled(operator: httpx.AsyncClient) -> None:
    ordered = (await post(operator, **ARCHIVE, confirm=True)).json()
    assert await replays(operator, "?sink=archive") == [ordered]
    second = await post(operator, **ARCHIVE, subject="assignments/1", confirm=True)
    assert second.status_code == 409
    assert ordered["id"] in second.json()["error"]
    cancelled = await post(operator, CANCEL, **ARCHIVE, id=ordered["id"])
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert await replays(operator) == [cancelled.json()]
    again = await post(operator, CANCEL, **ARCHIVE, id=ordered["id"])
    assert again.status_code == 404
    assert again.json() == {"error": f"no replay {ordered['id']} is under way to archive"}
    assert (await post(operator, **ARCHIVE, confirm=True)).status_code == 202


async def test_of_many_orders_at_once_one_is_taken_as_a_whole(operator: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(post(operator, **ARCHIVE, confirm=True) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7
    [taken] = [answer.json() for answer in answers if answer.status_code == 202]
    [under_way] = [r for r in await replays(operator) if r["state"] == "running"]
    assert (under_way["id"], under_way["total"]) == (taken["id"], taken["total"])
    assert under_way["total"] == 4


async def test_a_long_report_is_cut(operator: httpx.AsyncClient, log: EventLog) -> None:
    await post(operator, **ARCHIVE, confirm=True)
    line = msgspec.json.encode(Line("acme/assignments/1/0001", "failed", "refused"))
    for partition in log.store.inbox.all("acme"):
        await log.store.redis.rpush(partition.of_sink("replayed", "archive"), *[line] * 150)
    [found] = await replays(operator)
    assert found["report"] == [msgspec.json.decode(line)] * 100


async def test_an_empty_log_is_no_replay(redis: Redis, data: dict[str, Any]) -> None:
    async with reading(data, token=OPERATOR) as http:
        assert (await post(http, **ARCHIVE)).json()["events"] == 0
        answer = await post(http, **ARCHIVE, confirm=True)
        assert (answer.status_code, await replays(http)) == (409, [])


async def test_503_while_the_store_is_away(own_redis: OwnRedis) -> None:
    async with reading(installed(own_redis.url), token=OPERATOR) as http:
        own_redis.kill()
        for answer in (
            await http.get(REPLAYS),
            await post(http, **ARCHIVE),
            await post(http, **ARCHIVE, confirm=True),
            await post(http, CANCEL, **ARCHIVE, id="x"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
            assert "the store does not answer now" in answer.json()["error"]


async def test_a_count_has_an_end_and_others_wait_for_it(
    operator: httpx.AsyncClient, data: dict[str, Any], log: EventLog
) -> None:
    """Each walks through the whole log, in the process that receives notifications."""
    await log.change(*range(100, 1100))
    impatient = AdminReplay(config(data), log.store, count_seconds=0.001)
    transport = httpx.ASGITransport(app=impatient.order)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await post(http, **ARCHIVE)
    assert answer.status_code == 422
    assert "name a tenant or a subject" in answer.json()["error"]
    answers = await asyncio.gather(*(post(operator, **ARCHIVE) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 503, 503, 503]
    assert (await post(operator, **ARCHIVE)).json()["events"] == 1004


async def test_a_count_leaves_half_of_the_time_to_others() -> None:
    pauses = Pauses(within=30)
    for _ in range(3):
        began = time.monotonic()
        while time.monotonic() - began < 0.02:
            pass  # as decoding events is: nobody else has a turn
        worked = time.monotonic()
        await pauses.rest()
        assert time.monotonic() - worked > 0.015

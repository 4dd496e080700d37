"""Requests exactly as Protime's pages show them, and answers of every kind."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.workers.protime.fakes import API, Api, answer, client
from tests.workers.protime.write_examples import CREATED, RECORD, UPDATED, WRITES
from workers.protime import BodyRefused, Conflict, Invalid, NotFound, RateLimited, Transient, Unconfirmed

CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}


def created(number: str = "76547") -> httpx.Response:
    return answer(201, b"", Location=f"{API}/clockings/{number}")


@pytest.mark.rule("1.4-json", "1.4-user-agent")
@pytest.mark.parametrize("example", WRITES, ids=lambda example: example.name)
async def test_a_write_is_sent_exactly_as_on_the_page(example: Any) -> None:
    api = Api(created())
    protime = client(api)
    if example.command[1] == "update":
        await protime.update_assignment(757085, example.body)
    elif example.command[0] == "assignments":
        assert await protime.create_assignment(example.body) == 76547
    else:
        assert await protime.create_clocking(example.body) == 76547
    assert api.asked == [example.request]
    request = api.requests[0]
    assert request.content == json.dumps(example.body, separators=(",", ":")).encode()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"]


async def test_a_refused_body_is_not_sent() -> None:
    api = Api()
    with pytest.raises(BodyRefused):
        await client(api).create_clocking({"person": {"id": 1}})
    assert api.requests == []


@pytest.mark.rule("9.1-order", "9.1-minutes", "9.1-required", "9.1-levels")
@pytest.mark.parametrize(
    "changes",
    [
        {"until": "2026-03-09"},
        {"endTimeInMinutes": 479},
        {"startTimeInMinutes": -1441},
        {"endTimeInMinutes": 2881},
        {"breakDurationInMinutes": -1},
        {"from": "2026-02-30"},
        {"from": None},
        {"person": {}},
        {"person": {"externalReferences": {"@shift-code": "E"}}},
        {"activityLevels": None},
        {"activityLevels": [{"level": 1}]},
        {"startTimeInMinuts": 480},
    ],
)
@pytest.mark.parametrize("way", ["create", "update", "change"])
async def test_an_update_is_checked_before_it_is_sent_as_a_creation_is(
    way: str, changes: dict[str, Any]
) -> None:
    api = Api(answer(200, RECORD))
    protime, body = client(api), {**CREATED, **changes}
    with pytest.raises(BodyRefused):
        await {
            "create": lambda: protime.create_assignment(body),
            "update": lambda: protime.update_assignment(757085, body),
            "change": lambda: protime.change_assignment(757085, changes),
        }[way]()
    assert not any(request.method in ("POST", "PUT") for request in api.requests)


async def test_what_is_beyond_our_table_is_written_back_only_when_it_was_read() -> None:
    more = {"costCentre": {"id": 4}}
    api = Api(answer(200, {**RECORD, **more}), answer(200, b""))
    assert await client(api).change_assignment(757085, {"comments": "x"}) == {
        **CREATED,
        "comments": "x",
        **more,
    }
    with pytest.raises(BodyRefused):
        await client(api).update_assignment(757085, {**CREATED, **more})
    await client(api).update_assignment(757085, {**CREATED, **more}, known=frozenset(more))


@pytest.mark.rule("4.3-post-once")
@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (httpx.ReadTimeout(""), Unconfirmed),
        (httpx.RemoteProtocolError(""), Unconfirmed),
        (answer(500), Unconfirmed),
        (answer(502, b"<html>"), Unconfirmed),
        (answer(201, b""), Unconfirmed),
        (answer(202, b"", Operation_Location=f"{API}/status-monitor/clockings/1"), Unconfirmed),
        (httpx.ConnectError(""), Transient),
        (answer(503, retry_after="60"), Unconfirmed),
        (answer(408), Unconfirmed),
        (answer(404, b"default backend - 404"), Unconfirmed),
        (answer(429, retry_after="60"), RateLimited),
        (answer(400, {"error": {"code": "BadRequest", "message": "no", "reasons": ["closed"]}}), Invalid),
    ],
)
async def test_a_creation_is_never_sent_twice(
    trouble: httpx.Response | Exception, error: type[Exception]
) -> None:
    api = Api(trouble, created())
    with pytest.raises(error):
        await client(api).create_clocking(CLOCKING)
    assert len(api.requests) == 1


async def test_a_refused_token_is_no_creation_so_it_is_sent_again() -> None:
    api = Api(answer(401), created())
    assert await client(api).create_clocking(CLOCKING) == 76547
    assert len(api.requests) == 2


@pytest.mark.rule("4.1-any-success", "5-update", "5-delete")
@pytest.mark.parametrize(
    "said",
    [
        answer(status, body)
        for status, body in ((200, RECORD), (200, b""), (201, b""), (202, b""), (204, b""))
    ],
)
async def test_an_update_and_a_deletion_may_answer_with_a_body_or_without(said: httpx.Response) -> None:
    api = Api(said)
    await client(api).update_assignment(757085, CREATED)
    await client(api).delete_assignment(757085)
    assert api.asked[1] == f"DELETE {API}/assignments/757085"


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (400, Invalid), (409, Conflict)])
async def test_what_protime_refuses_is_told_apart(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        await client(Api(answer(status, {"code": "x", "message": "m"}))).delete_assignment(757085)


CHANGES = {name: UPDATED[name] for name in UPDATED if UPDATED[name] != CREATED[name]}


@pytest.mark.rule("1.4-if-match")
async def test_a_change_reads_merges_and_writes_only_over_what_it_read() -> None:
    api = Api(answer(200, RECORD, ETag='"46ab44"'), answer(200, b""))
    assert await client(api).change_assignment(757085, CHANGES) == UPDATED
    path = f"{API}/assignments/757085"
    assert api.asked == [f"GET {path}", f"PUT {path}"]
    assert api.requests[1].headers["if-match"] == '"46ab44"'
    assert json.loads(api.requests[1].content) == UPDATED


@pytest.mark.parametrize("etag", [{}, {"ETag": 'W/"46ab44"'}])
async def test_without_a_strong_etag_a_change_is_written_all_the_same(etag: dict[str, str]) -> None:
    api = Api(answer(200, RECORD, **etag), answer(200, b""))
    await client(api).change_assignment(757085, CHANGES)
    assert "if-match" not in api.requests[1].headers


@pytest.mark.rule("1.4-if-match")
async def test_a_change_that_met_another_one_is_made_anew_on_it() -> None:
    other = {**RECORD, "changeVersion": "0001E7C5000098FA0015", "person": {"id": 2}}
    first, second = answer(200, RECORD, ETag='"1"'), answer(200, other, ETag='"2"')
    api = Api(first, answer(409), second, answer(200, b""))
    written = await client(api).change_assignment(757085, CHANGES)
    assert written == {**UPDATED, "person": {"id": 2}}
    assert api.requests[3].headers["if-match"] == '"2"'


async def test_a_conflict_over_an_unchanged_record_is_the_etag_s_and_it_is_left_out() -> None:
    seen = answer(200, RECORD, ETag='"1-gzip"')
    api = Api(seen, answer(409), seen, answer(200, b""))
    await client(api).change_assignment(757085, CHANGES)
    assert "if-match" not in api.requests[3].headers


@pytest.mark.rule("5-who")
async def test_a_record_of_a_read_only_collection_is_not_created() -> None:
    api = Api()
    with pytest.raises(ValueError, match="'people' cannot be created"):
        await client(api).create("people", {})
    assert api.requests == []


@pytest.mark.rule("1.4-location", "5-create")
async def test_the_id_is_the_one_of_the_location() -> None:
    assert (
        await client(Api(answer(201, {"id": 1}, Location=f"{API}/clockings/8192"))).create_clocking(CLOCKING)
        == 8192
    )
    assert await client(Api(answer(201, {"id": 8192}))).create_clocking(CLOCKING) == 8192


async def test_a_conflict_that_lasts_is_told() -> None:
    seen = answer(200, RECORD, ETag='"1"')
    api = Api(seen, answer(409), seen, answer(409), seen, answer(409), seen)
    with pytest.raises(Conflict):
        await client(api).change_assignment(757085, CHANGES)
    assert len(api.requests) == 6

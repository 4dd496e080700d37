"""Bodies of `/admin/replay`, sensible and senseless: what is not meant for certain is refused in words."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits
from hypothesis import strategies as st
from starlette.responses import Response

from service import replay_bodies
from service.admin_replay import MOST_BODY_BYTES, Act
from service.bodies import Refused
from tests.service.event_log import installed
from tests.service.replayed import (
    ARCHIVE,
    CANCEL,
    CREATED,
    REPLAY,
    REPLAYS,
    post,
    replays,
)
from tests.service.rig import config

CONFIG = config(installed(""))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ["sink: is missing. The sink that gets the events."]),
        ({"sink": "archve"}, ['sink: there is no archve. Did you mean "archive"?']),
        ({**ARCHIVE, "tenant": "globex"}, ["tenant: there is no globex. Known: acme."]),
        ({**ARCHIVE, "collection": ["people"]}, ["collection: there is no people. Known:"]),
        ({**ARCHIVE, "confrim": True}, ['confrim: unknown key. Did you mean "confirm"?']),
        ({**ARCHIVE, "zz": 1}, ["zz: unknown key. Known here: sink, since, until, type,"]),
        ({**ARCHIVE, "confirm": "yes"}, ["confirm: must be true or false, without quotes."]),
        ({**ARCHIVE, "confirm": 1}, ["confirm: must be true or false"]),
        ({**ARCHIVE, "confirm": None}, ["confirm: must be true or false"]),
        ({**ARCHIVE, "tenant": []}, ["tenant: must be a text, or a list of them, that is not empty. Leave"]),
        ({**ARCHIVE, "tenant": None}, ["tenant: must be a text"]),
        ({**ARCHIVE, "type": [CREATED, 1]}, ["type: must be a text"]),
        ({**ARCHIVE, "subject": ""}, ["subject: must be a text that is not empty."]),
        ({**ARCHIVE, "since": 1767225600}, ["since: must be a text"]),
        ({**ARCHIVE, "since": "yesterday"}, ["since: 'yesterday' is not a time such as 2026-03-09"]),
        ({**ARCHIVE, "since": "0001-01-01T00:00+23:00"}, ["since: there is no such year"]),
        ({**ARCHIVE, "since": "2026-02-02", "until": "2026-02-01"}, ["until: must be later than since"]),
        ({"sink": "x", "tenant": "y", "until": "z"}, ["sink: ", "tenant: ", "until: "]),
        ({"a": 1, "since": 2}, ["sink: is missing", "a: unknown key", "since: must be"]),
        ({**ARCHIVE, **{f"k{n}": 0 for n in range(900)}}, ["k0: unknown key", "and more"]),
    ],
)
async def test_422_says_each_mistake_in_a_line(
    operator: httpx.AsyncClient, body: dict[str, Any], words: list[str]
) -> None:
    answer = await post(operator, **{"confirm": True, **body})
    lines = answer.json()["error"].splitlines()
    assert answer.status_code == 422
    assert all(any(line.startswith(word) for line in lines) for word in words), lines
    assert len(lines) == len(words) or len(lines) == 11
    assert await replays(operator) == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"", 400, "is not JSON"),
        (b"{", 400, "is not JSON"),
        (b"sink=archive", 400, "is not JSON"),
        (b'{"sink": NaN}', 400, "is not JSON"),
        (b'{"sink": "\\ud800"}', 400, "is not JSON"),
        (b'\xef\xbb\xbf{"sink": "archive"}', 400, "is not JSON"),
        (b'{"sink": "\xff"}', 400, "is not UTF-8 (byte 10)"),
        (b"[" * 9000, 400, "nested too deeply"),
        (b"[]", 400, "must be a JSON object"),
        (b"null", 400, "must be a JSON object"),
        (b'"archive"', 400, "must be a JSON object"),
        (b" " * (MOST_BODY_BYTES + 1), 413, f"larger than {MOST_BODY_BYTES} bytes"),
    ],
)
@pytest.mark.parametrize("path", [REPLAY, CANCEL])
async def test_what_is_no_json_object_is_refused_in_words(
    operator: httpx.AsyncClient, path: str, body: bytes, status: int, words: str
) -> None:
    answer = await operator.post(path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert answer.headers["cache-control"] == "no-store"


async def test_408_for_a_body_that_does_not_come(operator: httpx.AsyncClient) -> None:
    async def never(_: bytes) -> Response:
        raise AssertionError("half a body is none")

    async def half() -> AsyncIterator[bytes]:
        yield b'{"sink": "archive"'
        await asyncio.sleep(5)

    transport = httpx.ASGITransport(app=Act(never, seconds=0.05))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.post("/", content=half(), headers={"content-type": "application/json"})
    assert answer.status_code == 408
    assert "did not arrive" in answer.json()["error"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "sink: is missing. The sink that gets the events.\nid: is missing."),
        ({"sink": "nowhere", "id": "x"}, "sink: there is no nowhere. Known: archive."),
        ({**ARCHIVE, "id": 7}, "id: must be a text"),
        ({**ARCHIVE, "id": "7", "Sink": 1}, 'Sink: unknown key. Did you mean "sink"?'),
    ],
)
async def test_a_cancellation_that_makes_no_sense_is_refused(
    operator: httpx.AsyncClient, body: dict[str, Any], words: str
) -> None:
    answer = await post(operator, CANCEL, **body)
    assert (answer.status_code, answer.json()["error"].startswith(words)) == (422, True)


@pytest.mark.parametrize(("query", "words"), [("?sinks=a", "Known: sink"), ("?sink=a", "there is no a.")])
async def test_400_for_a_query_that_makes_no_sense(
    operator: httpx.AsyncClient, query: str, words: str
) -> None:
    answer = await operator.get(REPLAYS + query)
    assert (answer.status_code, words in answer.json()["error"]) == (400, True)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
likely = st.dictionaries(st.sampled_from(sorted(replay_bodies.ORDER)) | st.text(), values, max_size=6)


@limits(suppress_health_check=list(HealthCheck))
@given(st.binary() | (likely | values).map(lambda value: json.dumps(value).encode()))
def test_any_body_is_an_order_or_refused(body: bytes) -> None:
    try:
        order, confirmed = replay_bodies.order(body, CONFIG)
    except Refused as error:
        refused = error
    else:
        assert isinstance(confirmed, bool)
        assert order.sink in CONFIG.sinks
        return
    assert refused.status in {400, 422}
    assert refused.error


@given(likely)
def test_nothing_but_true_confirms(body: dict[str, Any]) -> None:
    good = {**ARCHIVE, **({"confirm": body["confirm"]} if "confirm" in body else {})}
    try:
        confirmed = replay_bodies.order(json.dumps(good).encode(), CONFIG)[1]
    except Refused:
        return
    assert confirmed is (body.get("confirm") is True)

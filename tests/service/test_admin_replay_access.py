"""Replays over HTTP are for those who may, and not for a page of the web that has their browser ask."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from service.main import build
from tests.service.event_log import VIEWER, EventLog, reading
from tests.service.replayed import (
    ARCHIVE,
    CANCEL,
    REPLAY,
    post,
    replays,
)
from tests.service.rig import config


@pytest.mark.parametrize("path", [REPLAY, CANCEL])
@pytest.mark.parametrize(
    ("token", "status", "words"), [(None, 401, "admin_tokens"), ("x", 401, ""), (VIEWER, 403, "operator")]
)
async def test_who_is_no_operator_does_not_act(
    redis: Redis, data: dict[str, Any], log: EventLog, path: str, token: str | None, status: int, words: str
) -> None:
    async with reading(data, token=token) as http:
        answer = await post(http, path, **ARCHIVE, **({"confirm": True} if path == REPLAY else {"id": "x"}))
        assert answer.status_code == status
        assert words in answer.json()["error"]
    async with reading(data) as http:
        assert await replays(http) == []  # a viewer may look


@pytest.mark.parametrize(("sender", "status"), [("127.0.0.1", 202), ("203.0.113.9", 403)])
async def test_with_no_token_configured_this_machine_alone_acts(
    redis: Redis, data: dict[str, Any], log: EventLog, sender: str, status: int
) -> None:
    app = build(config({**data, "admin_tokens": {}}), data["store"]["url"])
    transport = httpx.ASGITransport(app=app, client=(sender, 40000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        assert (await post(http, **ARCHIVE, confirm=True)).status_code == status


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", None]
)
async def test_a_page_of_the_web_cannot_have_a_browser_act(
    operator: httpx.AsyncClient, kind: str | None
) -> None:
    """These are the types that a browser sends anywhere without asking first."""
    headers = {} if kind is None else {"content-type": kind}
    answer = await operator.post(REPLAY, content=b'{"sink": "archive", "confirm": true}', headers=headers)
    assert answer.status_code == 415
    assert await replays(operator) == []

"""A record that is fetched: whatever a 200 holds, it is the record, or it is asked for again later; nothing is raised."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from redis.asyncio import Redis
from starlette.types import Receive, Scope, Send

from tests.service.rig import config, settings
from workers.clients import Clients
from workers.refusals import Refused
from workers.store import Store

TOKEN = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}


@asynccontextmanager
async def answering(body: bytes, status: int = 200, failing: str = "-") -> AsyncIterator[str]:
    """The address of a Protime that gives out tokens, and one body for everything else.

    A record of the id `failing` is answered by 500.
    """

    async def app(scope: Scope, _: Receive, send: Send) -> None:
        content = json.dumps(TOKEN).encode() if scope["method"] == "POST" else body
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        code = 500 if scope["path"].endswith(f"/{failing}") else 200 if scope["method"] == "POST" else status
        await send({"type": "http.response.start", "status": code, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        running = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running


@pytest.mark.parametrize(
    ("body", "version"),
    [
        (b'{"id":5,"changeVersion":"01"}', "01"),
        (b'{"id":5,"changeVersion":"01","comments":"Caf\xe9"}', "01"),
        (b'{"id":5}', ""),
        (b"{}", None),
        (b'{"id":5,"changeVersion":5}', None),
        (b'{"id":5,"changeVersion":"\xe9"}', None),
        (b'{"id":5,"changeVersion":"01"', None),
        (b'{"error":' * 5000, None),
        (b"<html>", None),
        (b"", None),
    ],
)
async def test_what_is_fetched_is_a_record_or_asked_for_later(
    redis: Redis, redis_url: str, body: bytes, version: str | None
) -> None:
    async with answering(body) as url:
        settled = config(settings(redis_url, tenants={"acme": {"base_url": url, "auth_url": url}}))
        clients = Clients(settled, Store(settled, redis))
        found = await clients.fetch("acme", "assignments", 5)
        await clients.close()
    assert (found and found.version) == version


async def test_what_protime_refuses_for_good_is_told_from_what_comes_later(
    redis: Redis, redis_url: str
) -> None:
    async with answering(b"{}", status=403) as url:
        settled = config(settings(redis_url, tenants={"acme": {"base_url": url, "auth_url": url}}))
        clients = Clients(settled, Store(settled, redis))
        for number in (5, 6):  # the second is not asked for: the collection rests
            with pytest.raises(Refused):
                await clients.fetch("acme", "assignments", number)
        await clients.close()


async def test_one_record_that_protime_fails_to_show_keeps_back_no_other(
    redis: Redis, redis_url: str
) -> None:
    async with answering(b'{"id":5,"changeVersion":"01"}', failing="7") as url:
        settled = config(settings(redis_url, tenants={"acme": {"base_url": url, "auth_url": url}}))
        clients = Clients(settled, Store(settled, redis))
        found = [await clients.fetch("acme", "assignments", number) for number in (7, 5, 7, 6)]
        await clients.close()
    assert [bool(entry) for entry in found] == [False, True, False, True]


async def test_a_record_of_a_collection_that_is_configured_no_more_is_not_asked_for(
    redis: Redis, redis_url: str
) -> None:
    async with answering(b'{"id":5,"changeVersion":"01"}') as url:
        settled = config(settings(redis_url, tenants={"acme": {"base_url": url, "auth_url": url}}))
        clients = Clients(settled, Store(settled, redis))
        with pytest.raises(Refused):
            await clients.fetch("acme", "counters", 5)
        await clients.close()

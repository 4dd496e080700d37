"""A body has a limited time to come, from the first byte to the last; a sender that is slow holds up nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn
from redis.asyncio import Redis

from service import health
from service.accept import Acceptor
from service.app import create_app
from service.metrics import Metrics
from service.receivers import Receivers
from service.webhooks import Webhooks
from tests.service.rig import PATH, change, config, encoded, headers, settings, signature, stored
from tests.service.wire import answer, head
from workers.store import Store


@contextlib.asynccontextmanager
async def impatient(redis: Redis, url: str, seconds: float) -> AsyncIterator[int]:
    """The port of a receiver that waits less long for a body than the real one."""
    settled = config(settings(url))
    parts = Store(settled, redis)
    webhooks = Webhooks(
        Receivers(settled, parts.subscriptions),
        Acceptor(parts.inbox, parts.scripts, lambda *_: b""),
        Metrics(),
        max_body_bytes=65536,
        body_seconds=seconds,
    )
    app = create_app(webhooks=webhooks, readyz=health.livez, metrics=health.livez)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        running_ = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        await running_


@pytest.mark.parametrize(
    "pieces", [(), (b"{",), (b"{",) * 30], ids=["silence", "one byte", "a byte now and then"]
)
async def test_408_for_a_body_that_does_not_come_and_the_connection_is_closed(
    redis: Redis, redis_url: str, pieces: tuple[bytes, ...]
) -> None:
    async with impatient(redis, redis_url, 0.3) as port:
        said = await answer(port, head("content-length: 100"), *pieces, pause=0.03, seconds=5)
        assert said.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in said
        assert said.endswith(b'{"error":"the body did not arrive within 0.3 seconds"}')


async def test_a_body_that_comes_late_but_in_time_is_accepted(redis: Redis, redis_url: str) -> None:
    body = encoded(change(9))
    lines = (f"content-length: {len(body)}", f"x-protime-signature: {signature(body)}", "connection: close")
    async with impatient(redis, redis_url, 2) as port:
        said = await answer(port, head(*lines), body[:5], body[5:], pause=0.1)
        assert said.startswith(b"HTTP/1.1 202 ")
    assert await stored(redis) == ["assignments/9"]


@pytest.mark.alone
async def test_slow_senders_hold_up_nobody(redis: Redis, redis_url: str) -> None:
    async with impatient(redis, redis_url, 1) as port:
        slow = [asyncio.create_task(answer(port, head("content-length: 100"))) for _ in range(50)]
        await asyncio.sleep(0.1)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            body = encoded(change(1))
            response = await http.post(PATH, content=body, headers=headers(body))
        assert response.status_code == 202
        assert response.elapsed.total_seconds() < 0.8
        assert all(said.startswith(b"HTTP/1.1 408 ") for said in await asyncio.gather(*slow))

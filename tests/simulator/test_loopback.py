from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from simulator.app import create_app
from simulator.posting import keep_alive
from simulator.settings import Settings

BASE = "/connector/protimeapi/api/v1"


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """Serve on a free port of the loopback; gives the address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


def receiver(bodies: list[bytes]) -> Starlette:
    async def take(request: Request) -> Response:
        bodies.append(await request.body())
        return Response(status_code=202)

    async def close(_request: Request) -> Response:
        return Response(status_code=204, headers={"Connection": "close"})

    async def moved(_request: Request) -> Response:
        return Response(status_code=302, headers={"Location": "/in"})

    paths = (("/in", take), ("/close", close), ("/moved", moved))
    return Starlette(routes=[Route(path, endpoint, methods=["POST"]) for path, endpoint in paths])


async def test_changes_arrive_over_http() -> None:
    bodies: list[bytes] = []
    settings = Settings(people=5, rate_limit_per_minute=0)
    async with (
        serving(receiver(bodies)) as there,
        serving(create_app(settings)) as here,
        httpx.AsyncClient() as http,
    ):
        form = {
            "grant_type": "client_credentials",
            "client_id": "shiftwire",
            "client_secret": settings.client_secret,
        }
        token = (await http.post(f"{here}/tenants/acme/connect/token", data=form)).json()["access_token"]
        hook = {"destinationUrl": f"{there}/in", "collectionName": "assignments"}
        headers = {"Authorization": f"Bearer {token}"}
        assert (await http.post(f"{here}{BASE}/webhooks", json=hook, headers=headers)).status_code == 201
        await http.post(f"{here}/control/generate", json={"count": 5, "changes": 500})
        for _ in range(500):
            if len(bodies) == 505:
                break
            await asyncio.sleep(0.01)
        stats = (await http.get(f"{here}/control/stats")).json()
    assert len(set(bodies)) == 505
    assert (stats["deliveries"]["failed"], stats["pending"]) == (0, 0)


@pytest.mark.rule("8.7-redirects")
async def test_a_poster_survives_closed_connections_and_does_not_follow_redirects() -> None:
    poster = keep_alive()()
    async with serving(receiver([])) as there:
        paths = ("/in", "/close", "/in", "/moved", "/nowhere")
        statuses = [await poster.post(there + path, {}, b"x") for path in paths]
        poster.close()
    assert statuses == [202, 204, 202, 302, 404]


async def test_a_refused_connection_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    poster = keep_alive()()
    try:
        await poster.post(f"http://127.0.0.1:{port}/in", {}, b"x")
    except OSError:
        return
    raise AssertionError("no error")

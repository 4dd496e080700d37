"""Who may read: everybody with a token, or everybody on this machine where there is none."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from service.main import build
from service.tokens import Access, Guard, Role
from tests.service.event_log import OPERATOR, VIEWER, installed, reading
from tests.service.rig import config, settings
from workers.config import AdminTokens

GUARDED = ["/events", "/events/stream", "/events/acme/assignments/1/0001", "/admin/replays"]


@pytest.mark.parametrize("path", GUARDED)
@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {VIEWER}x",
        f"Bearer {VIEWER[:-1]}",
        f"Basic {VIEWER}",
        VIEWER,
        "Bearer t\u00f6ken",
    ],
)
async def test_401_without_a_token_or_with_a_wrong_one(
    redis: Redis, redis_url: str, path: str, sent: str | None
) -> None:
    headers = {} if sent is None else {"authorization": sent.encode("latin-1")}
    async with reading(installed(redis_url), token=None) as http:
        answer = await http.get(path, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["cache-control"] == "no-store"
    assert "admin_tokens" in answer.json()["error"]


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
@pytest.mark.parametrize("token", [VIEWER, OPERATOR])
async def test_both_roles_may_read(redis: Redis, redis_url: str, token: str, scheme: str) -> None:
    async with reading(installed(redis_url), token=None) as http:
        answer = await http.get("/events", headers={"authorization": f"{scheme} {token}"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path", ["/schemas/assignment.v1.json", "/livez", "/readyz", "/metrics", "/openapi.json"]
)
async def test_the_open_routes_need_none(redis: Redis, redis_url: str, path: str) -> None:
    async with reading(installed(redis_url), token=None) as http:
        assert (await http.get(path)).status_code == 200


async def asked(url: str, sender: str, *, host: str = "localhost:8080", **headers: str) -> int:
    """The status for a request from an address, where no token is configured."""
    app = build(config(settings(url)), url)
    transport = httpx.ASGITransport(app=app, client=(sender, 40000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://ignored") as http,
    ):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await http.get("/events", headers={"host": host, **sent})).status_code


@pytest.mark.parametrize(
    ("sender", "status"),
    [
        ("127.0.0.1", 200),
        ("127.8.8.8", 200),
        ("::1", 200),
        ("::ffff:127.0.0.1", 200),
        ("10.0.0.1", 403),
        ("::ffff:10.0.0.1", 403),
        ("203.0.113.9", 403),
        ("", 403),
        ("localhost.example.com", 403),
    ],
)
async def test_with_no_token_configured_only_this_machine_is_answered(
    redis: Redis, redis_url: str, sender: str, status: int
) -> None:
    assert await asked(redis_url, sender) == status


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_IP"])
async def test_a_forwarded_header_opens_nothing(redis: Redis, redis_url: str, header: str) -> None:
    assert await asked(redis_url, "203.0.113.9", **{header: "127.0.0.1"}) == 403
    assert await asked(redis_url, "127.0.0.1", **{header: "127.0.0.1"}) == 403


@pytest.mark.parametrize("host", ["evil.example.com", "localhost.example.com:8080", "[::1", ""])
async def test_a_name_of_the_web_that_points_here_is_not_this_machine(
    redis: Redis, redis_url: str, host: str
) -> None:
    assert await asked(redis_url, "127.0.0.1", host=host) == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]:8080", "LOCALHOST"])
async def test_this_machine_has_more_than_one_name(redis: Redis, redis_url: str, host: str) -> None:
    assert await asked(redis_url, "127.0.0.1", host=host) == 200


async def done(_: Request) -> Response:
    return PlainTextResponse("done")


async def acting(tokens: dict[str, Any], token: str) -> httpx.Response:
    """An answer of a route that only operators may use."""
    guard = Middleware(Guard, access=Access(AdminTokens.model_validate(tokens)), needed=Role.OPERATOR)
    app = Starlette(routes=[Route("/", done, methods=["POST"], middleware=[guard])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as http:
        return await http.post("/", headers={"authorization": f"Bearer {token}"})


async def test_403_for_a_viewer_who_acts() -> None:
    both = {"viewer": VIEWER, "operator": OPERATOR}
    assert (await acting(both, OPERATOR)).text == "done"
    refused = await acting(both, VIEWER)
    assert (refused.status_code, refused.json()) == (403, {"error": "needs the token of the operator"})
    assert (await acting({"viewer": VIEWER}, "")).status_code == 401


async def test_a_token_of_both_roles_is_the_operator() -> None:
    assert (await acting({"viewer": VIEWER, "operator": VIEWER}, VIEWER)).status_code == 200

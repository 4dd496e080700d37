"""The HTTP surface on one screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from service import health
from service.admin_replay import AdminReplay
from service.asyncapi import asyncapi
from service.event_stream import EventStreams
from service.events_api import EventsApi
from service.health import Endpoint
from service.openapi import openapi
from service.tokens import Access, Guard, Role
from service.webhooks import Webhooks
from workers.changes import SCHEMA_NAMES, schema

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


class App(Starlette):
    """Notifications go straight to their endpoint: the layers between cost as much as the receiver itself.

    `python -m bench.accept` shows it: about 0.4 of an empty endpoint's rate with them, above 0.5 without.
    """

    webhooks: Webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith("/webhooks/"):
            await self.webhooks(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


@dataclass(frozen=True)
class Members:
    """What answers those who have a token, and who has which role."""

    access: Access
    events: EventsApi
    stream: EventStreams
    replay: AdminReplay


def create_app(
    *,
    webhooks: Webhooks,
    readyz: Endpoint,
    metrics: Endpoint,
    members: Members | None = None,
    lifespan: Lifespan | None = None,
) -> Starlette:
    """The web process. Everything it needs is handed in; nothing is opened here."""
    app = App(
        routes=[
            Route("/webhooks/{tenant}/{collection}/{token}", webhooks, methods=["POST"]),
            *([] if members is None else [*_reading(members), *_acting(members)]),
            Route("/schemas/{name}", schemas),
            Route("/openapi.json", described(openapi)),
            Route("/asyncapi.json", described(asyncapi)),
            Route("/livez", health.livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        exception_handlers={HTTPException: _refused},
        lifespan=lifespan,
    )
    app.webhooks = webhooks
    return app


async def _refused(_: Request, error: Exception) -> Response:
    """A path or a method that no route has: JSON, as all errors are."""
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these alone
    return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)


def _reading(members: Members) -> list[Route]:
    viewer = [Middleware(Guard, access=members.access)]
    return [
        Route("/events", members.events.page, middleware=viewer),
        # Before the ids, which may have any form.
        Route("/events/stream", members.stream, methods=["GET"], middleware=viewer),
        _of_any_form(Route("/events/{id:path}", members.events.life, middleware=viewer)),
        Route("/admin/replays", members.replay.replays, middleware=viewer),
    ]


def _of_any_form(route: Route) -> Route:
    """A `path` parameter ends at a line break: an id that has one would miss the route, and its guard."""
    route.path_regex = re.compile(route.path_regex.pattern, re.DOTALL)
    return route


def _acting(members: Members) -> list[Route]:
    operator = [Middleware(Guard, access=members.access, needed=Role.OPERATOR)]
    return [
        Route("/admin/replay", members.replay.order, methods=["POST"], middleware=operator),
        Route("/admin/replay/cancel", members.replay.cancel, methods=["POST"], middleware=operator),
    ]


def described(document: Callable[[], dict[str, Any]]) -> Endpoint:
    async def endpoint(_: Request) -> Response:
        return JSONResponse(document())

    return endpoint


async def schemas(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in SCHEMA_NAMES:
        return JSONResponse({"error": "unknown schema", "known": sorted(SCHEMA_NAMES)}, status_code=404)
    return JSONResponse(schema(name), media_type="application/schema+json")

"""The HTTP surface on one screen."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from service import health
from service.health import Endpoint
from service.webhooks import Webhooks
from workers.changes import SCHEMA_NAMES, schema

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def create_app(
    *, webhooks: Webhooks, readyz: Endpoint, metrics: Endpoint, lifespan: Lifespan | None = None
) -> Starlette:
    """The web process. Everything it needs is handed in; nothing is opened here."""
    return Starlette(
        routes=[
            Route("/webhooks/{tenant}/{collection}/{token}", webhooks, methods=["POST"]),
            Route("/schemas/{name}", schemas),
            Route("/livez", health.livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
        ],
        lifespan=lifespan,
    )


async def schemas(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in SCHEMA_NAMES:
        return JSONResponse({"error": "unknown schema", "known": sorted(SCHEMA_NAMES)}, status_code=404)
    return JSONResponse(schema(name), media_type="application/schema+json")

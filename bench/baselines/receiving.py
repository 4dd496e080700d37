"""The receiver of the two baselines on Starlette: signature, one message for each notification, 202."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.baselines.surroundings import Surroundings


def route(surroundings: Surroundings, enqueue: Callable[[str], Awaitable[object]]) -> Route:
    async def receive(request: Request) -> Response:
        body = await request.body()
        if not surroundings.genuine(body, request.headers.get("x-protime-signature", "")):
            return Response(status_code=401)
        await enqueue(body.decode())
        return Response(status_code=202)

    return Route("/webhooks/{tenant}/{collection}/{token}", receive, methods=["POST"])

"""A simulated tenant in this process, and a client that may write; what travels between them can be disturbed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from simulator.app import create_app
from simulator.settings import Settings
from workers.protime import ClientCredentials, Protime, scopes_for

AGENT = "Tests/v1 (Shiftwire)"
WRITTEN = ("assignments", "clockings")

#: Sees each request to the API with its number among those of its method; may raise before or after it was carried out.
Disturb = Callable[[str, int, str], Exception | httpx.Response | None]


class Line(httpx.AsyncBaseTransport):
    """`disturb(method, number, "before" | "after")` says what is heard in place of Protime."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self._counts: dict[str, int] = {}
        self.disturb: Disturb = lambda _method, _number, _when: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if "/api/v1/" not in request.url.path:
            return await self._inner.handle_async_request(request)
        number = self._counts[request.method] = self._counts.get(request.method, 0) + 1
        if (early := self._heard(request, number, "before")) is not None:
            return early
        answer = await self._inner.handle_async_request(request)
        return self._heard(request, number, "after") or answer

    def _heard(self, request: httpx.Request, number: int, when: str) -> httpx.Response | None:
        heard = self.disturb(request.method, number, when)
        if isinstance(heard, Exception):
            raise heard
        return heard


@dataclass
class Writable:
    line: Line
    http: httpx.AsyncClient
    client: Protime

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"http://simulator/control/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def records(self, collection: str) -> list[dict[str, Any]]:
        state = await self.control("GET", f"state/{collection}")
        return [entry["record"] for entry in state.values() if entry["record"]]

    async def calls(self, route: str) -> int:
        return int((await self.control("GET", "stats"))["calls"].get(route, 0))


@asynccontextmanager
async def writable(**settings: Any) -> AsyncIterator[Writable]:
    line = Line(create_app(Settings(**{"rate_limit_per_minute": 0, **settings})))
    async with httpx.AsyncClient(transport=line) as http:
        scopes = scopes_for(WRITTEN, writes=WRITTEN)
        credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
        tokens = ClientCredentials(*credentials, user_agent=AGENT, http=http)
        yield Writable(line, http, Protime("https://simulator", "acme", AGENT, tokens, http=http))

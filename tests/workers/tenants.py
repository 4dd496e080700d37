"""A simulated tenant in this process, and a Protime client of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.settings import Settings
from workers.protime import ClientCredentials, Protime, scopes_for

AGENT = "Tests/v1 (Shiftwire)"


@dataclass
class Tenant:
    """The simulator with its control routes, and a client that talks to it."""

    app: Starlette
    http: httpx.AsyncClient
    client: Protime

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"http://simulator/control/{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    async def edit(self, collection: str = "assignments", **fields: Any) -> Any:
        """A planner's change in myProtime; without `id` a new record."""
        return await self.control("POST", f"records/{collection}", fields)

    async def calls(self, route: str) -> int:
        stats = await self.control("GET", "stats")
        return int(stats["calls"].get(route, 0))


@asynccontextmanager
async def simulated(*collections: str, **settings: Any) -> AsyncIterator[Tenant]:
    app = create_app(Settings(**{"rate_limit_per_minute": 0, **settings}))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        scopes = scopes_for(collections or ("assignments",), manage_webhooks=True)
        credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
        tokens = ClientCredentials(*credentials, user_agent=AGENT, http=http)
        yield Tenant(app, http, Protime("https://simulator", "acme", AGENT, tokens, http=http))

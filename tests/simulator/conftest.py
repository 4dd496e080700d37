from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from simulator.app import create_app
from simulator.settings import Settings

BASE = "/connector/protimeapi/api/v1"
NOON = 1_772_622_000.0  # 2026-03-04 11:00 UTC


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


class Receiver:
    """A destination in this process: keeps what was posted, answers `statuses` in turn, then 202, after `seconds`."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []
        self.seconds = 0.0

    def __call__(self) -> Receiver:
        return self

    async def post(self, url: str, headers: Any, payload: bytes) -> int:
        self.posts.append((url, dict(headers), payload))
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return self.statuses.pop(0) if self.statuses else 202

    def close(self) -> None:
        pass


@dataclass
class Sim:
    """A tenant in this process, and a client that is logged in to it."""

    app: Starlette
    settings: Settings
    clock: Clock
    receiver: Receiver
    http: httpx.AsyncClient
    activity: str = ""

    async def token(self, scope: str = "", **form: str) -> httpx.Response:
        full = " ".join(f"connector-protimeapi-{name}" for name in scope.split())
        login = {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        data = {"grant_type": "client_credentials", "scope": full, **login, **form}
        return await self.http.post(f"/tenants/{self.settings.tenant}/connect/token", data=data)

    async def log_in(self, scope: str = "") -> None:
        self.http.headers["Authorization"] = f"Bearer {(await self.token(scope)).json()['access_token']}"

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.http.get(path if path.startswith("/connector") else BASE + path, headers=headers)

    async def post(self, path: str, body: Any, **parameters: str) -> httpx.Response:
        return await self.http.post(BASE + path, json=body, params=parameters or None)

    async def put(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return await self.http.put(BASE + path, json=body, headers=headers)

    async def delete(self, path: str) -> httpx.Response:
        return await self.http.delete(BASE + path)

    def assignment(self, **changes: Any) -> dict[str, Any]:
        level = {"level": 1, "activityDefinition": {"id": self.activity}}
        body = {"person": {"id": 1}, "from": "2026-03-10", "until": "2026-03-10", "activityLevels": [level]}
        full = {**body, "startTimeInMinutes": 480, "endTimeInMinutes": 1020, "comments": "Morning", **changes}
        return {name: value for name, value in full.items() if value is not None}

    def clocking(self, **changes: Any) -> dict[str, Any]:
        return {
            "person": {"id": 1},
            "date": "2026-03-03",
            "timeOfDayInMinutes": 480,
            "kind": "InOut",
            **changes,
        }

    async def add(self, collection: str = "assignments", **changes: Any) -> int:
        body = self.assignment(**changes) if collection == "assignments" else self.clocking(**changes)
        response = await self.post(f"/{collection}", body)
        assert response.status_code == 201, response.text
        return int(response.headers["Location"].rsplit("/", 1)[1])

    async def follow(self, path: str) -> tuple[list[Any], str | None, int]:
        """Follow every nextLink: all items, the deltaLink if there is one, the number of pages."""
        items: list[Any] = []
        pages = 0
        link: str | None = path
        while True:
            response = await self.get(link)
            assert response.status_code == 200, response.text
            page = response.json()
            items += page["value"]
            pages += 1
            link = page.get("nextLink")
            if link is None:
                return items, page.get("deltaLink"), pages

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return await self.http.request(method, f"/control{path}", json=body)


@pytest.fixture
async def make_sim() -> AsyncIterator[Callable[..., Any]]:
    """Start a tenant: keyword arguments are its settings."""
    clients: list[tuple[httpx.AsyncClient, Any]] = []

    async def make(**settings: Any) -> Sim:
        knobs = Settings(**{"people": 10, **settings})
        clock, receiver = Clock(), Receiver()
        app = create_app(knobs, clock=clock, poster=receiver)
        transport = httpx.ASGITransport(app=app)
        headers = {"User-Agent": "Tests/v1 (Shiftwire)"}
        http = httpx.AsyncClient(transport=transport, base_url="http://sim", headers=headers)
        running = app.router.lifespan_context(app)
        await running.__aenter__()
        clients.append((http, running))
        sim = Sim(app, knobs, clock, receiver, http)
        if knobs.token_status == 0 and knobs.scopes is None:
            await sim.log_in()
            path = "/activity-structure-versions/1/levels/1/activity-definitions"
            if not knobs.unavailable:
                sim.activity = (await sim.get(path)).json()["value"][0]["id"]
        return sim

    yield make
    for http, running in clients:
        await running.__aexit__(None, None, None)
        await http.aclose()


@pytest.fixture
async def sim(make_sim: Callable[..., Any]) -> Sim:
    made: Sim = await make_sim()
    return made

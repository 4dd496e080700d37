"""A tenant with a client of it: simulated in this process, or the real one that the environment names."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from simulator.app import create_app
from simulator.settings import Settings
from tests.workers.protime.fakes import AGENT
from tests.workers.protime.tenant.real import RealTenant
from workers.protime import ClientCredentials, DeltaPage, Pace, Protime, TokenStore, date_window, scopes_for
from workers.protime.collections import COLLECTIONS

READABLE = [
    name for name in COLLECTIONS if name not in ("activity-definitions", "external-references", "webhooks")
]
WRITTEN = ("assignments", "clockings")
TODAY = datetime.now(UTC).date()
SIMULATED = RealTenant(
    name="acme",
    base_url="http://localhost",
    auth_url="http://localhost",
    client_id="shiftwire",
    client_secret="simulated-secret",
    user_agent=AGENT,
    collections=tuple(READABLE),
    days=40,
    writes=True,
    person=1,
    activity={"externalReferences": {"@data-entry-code": "00014"}},
    destination="https://c.example/a/token",
)
#: Takes switches of the simulator; a real tenant is as it is.
Start = Callable[..., AbstractAsyncContextManager["Tenant"]]


class Clock:
    """The simulator's time; `ahead` seconds are added to the real one."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Tenant:
    """`make_tokens` gives a token source for any scopes and secret, `since` is the first day to look at."""

    http: httpx.AsyncClient
    base_url: str
    agent: str
    make_tokens: Callable[..., ClientCredentials]
    tokens: ClientCredentials
    protime: Protime
    since: date
    person: int
    activity: dict[str, Any]
    destination: str
    clock: Clock = field(default_factory=Clock)
    calls: list[tuple[str, str, int | None]] = field(default_factory=list)
    simulated: bool = True

    async def switch(self, **settings: Any) -> None:
        await self.control("PATCH", "settings", settings)

    async def put(self, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = (await self.control("POST", f"records/{collection}", record)).json()
        return stored

    async def remove(self, collection: str, number: int) -> None:
        await self.control("DELETE", f"records/{collection}/{number}")

    async def truth(self, collection: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.control("GET", f"state/{collection}")).json()
        return found

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        assert self.simulated, "the test needs @pytest.mark.simulated"
        answered = await self.http.request(method, f"{self.base_url}/control/{path}", json=body)
        answered.raise_for_status()
        return answered

    async def raw(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request that the client would refuse to send."""
        headers = {"Authorization": f"Bearer {await self.tokens.token()}", "User-Agent": self.agent}
        url = f"{self.base_url}/connector/protimeapi/api/v1{path}"
        return await self.http.request(method, url, headers=headers, json=body)

    async def listed(self, collection: str, *arguments: Any) -> list[dict[str, Any]]:
        pages = [page async for page in self.protime.list(collection, *arguments)]
        return [msgspec.json.decode(raw) for page in pages for raw in page.items]

    async def started(self, collection: str, *arguments: Any, **options: Any) -> list[DeltaPage]:
        return [page async for page in self.protime.delta_start(collection, *arguments, **options)]

    async def read(self, number: int, collection: str = "assignments") -> dict[str, Any]:
        found: dict[str, Any] = msgspec.json.decode((await self.protime.get(collection, number)).body)
        return found

    async def an_assignment(self, *references: Any) -> dict[str, Any]:
        """Any assignment of the window."""
        found = await self.listed("assignments", date_window(self.since), *references)
        return found[0] if found else pytest.skip("no assignment in the window")

    def window(self, collection: str) -> str | None:
        return date_window(self.since) if COLLECTIONS[collection].dated else None

    def assignment(self, **changes: Any) -> dict[str, Any]:
        """The body of an assignment that lies beyond the planning of anybody."""
        if not (self.person and self.activity):
            pytest.skip("SHIFTWIRE_PERSON_ID and SHIFTWIRE_ACTIVITY_ID say for whom and what")
        day = str(TODAY + timedelta(days=300))
        times = {"startTimeInMinutes": 480, "endTimeInMinutes": 1020, "breakDurationInMinutes": 30}
        levels = [{"level": 1, "activityDefinition": self.activity}]
        body = {"person": {"id": self.person}, "from": day, "until": day, "activityLevels": levels}
        return {**body, **times, "comments": "Morning shift", **changes}


@asynccontextmanager
async def simulated(**settings: Any) -> AsyncIterator[Tenant]:
    """With thirty assignments of today."""
    clock = Clock()
    app = create_app(Settings(**{"people": 12, "rate_limit_per_minute": 0, **settings}), clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        tenant = _tenant(SIMULATED, http)
        tenant.clock = clock
        await tenant.control("POST", "generate", {"collection": "assignments", "count": 30, "changes": 0})
        yield tenant


@dataclass
class Politeness:
    """What a whole run of tests shares at a real tenant: one token for its life, and a limit of requests."""

    limit: Pace
    kept: tuple[str, float] | None = None

    async def get(self) -> tuple[str, float] | None:
        return self.kept

    async def put(self, token: str, expires_at: float) -> None:
        self.kept = token, expires_at

    def lock(self) -> AbstractAsyncContextManager[object]:
        return nullcontext()


def real(named: RealTenant, politeness: Politeness) -> Start:
    @asynccontextmanager
    async def run(**_: Any) -> AsyncIterator[Tenant]:
        async with httpx.AsyncClient() as http:
            tenant = _tenant(named, http, politeness)
            tenant.simulated = False
            yield tenant

    return run


def _tenant(named: RealTenant, http: httpx.AsyncClient, politeness: Politeness | None = None) -> Tenant:
    calls: list[tuple[str, str, int | None]] = []

    def make_tokens(
        scopes: tuple[str, ...], secret: str = named.client_secret, store: TokenStore | None = None
    ) -> ClientCredentials:
        client = (named.auth_url, named.name, named.client_id, secret, scopes)
        return ClientCredentials(*client, user_agent=named.user_agent, http=http, store=store)

    written = WRITTEN if named.writes else ()
    scopes = scopes_for(named.collections, manage_webhooks=named.writes, writes=written)
    tokens = make_tokens(scopes, store=politeness)
    protime = Protime(
        named.base_url,
        named.name,
        named.user_agent,
        tokens,
        http=http,
        limit=politeness.limit if politeness else None,
        on_request=lambda method, route, status, _: calls.append((method, route, status)),
    )
    since = TODAY - timedelta(days=named.days)
    first = (http, named.base_url, named.user_agent, make_tokens, tokens, protime, since)
    return Tenant(*first, named.person, named.activity or {}, named.destination, calls=calls)

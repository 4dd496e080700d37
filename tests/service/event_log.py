"""An event log with a past, written by the product's own ingest, and a web process that serves it."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
from redis.asyncio import Redis

from service.main import build
from tests.service.rig import config, settings
from workers.config import Config
from workers.decisions import TenantIngest
from workers.ingest import Ingest
from workers.store import Store
from workers.store.inbox import Arrival
from workers.store.leases import Leases
from workers.views import tenant_view

VIEWER, OPERATOR = "token-of-the-viewer", "token-of-the-operator"
COLLECTIONS = {"assignments": "payload", "clockings": "payload"}


def installed(url: str, *tenants: str, **changes: Any) -> dict[str, Any]:
    """A configuration with tokens and with tenants that are all alike."""
    found = settings(url, admin_tokens={"viewer": VIEWER, "operator": OPERATOR}, **changes)
    (acme,) = found["tenants"].values()
    found["tenants"] = dict.fromkeys(tenants or ("acme",), acme)
    return found


class EventLog:
    """Writes changes the way a worker does."""

    def __init__(self, settled: Config, redis: Redis) -> None:
        self.store = Store(settled, redis)
        views = {
            name: TenantIngest(name, tenant_view(tenant, settled.secret_key), COLLECTIONS)
            for name, tenant in settled.tenants.items()
        }
        leases = Leases(self.store.scripts)
        self._ingest = Ingest(self.store.inbox, self.store.gate, leases, views, _never, lambda _: None)
        self.ids: list[str] = []

    async def change(
        self, *numbers: int, version: int = 1, tenant: str = "acme", collection: str = "assignments"
    ) -> None:
        """One more version of each of these records."""
        sequence = f"{version:04}"
        arrivals = [
            Arrival(f"{collection}/{n}", sequence, deleted=False, data=_record(n, sequence)) for n in numbers
        ]
        for partition in await self.store.inbox.append(tenant, "webhook", arrivals):
            await self._ingest.drain(partition)
        self.ids += [f"{tenant}/{a.resource}/{sequence}" for a in arrivals]


async def _never(*_: Any) -> None:
    raise AssertionError("nothing is fetched in payload mode")


def _record(number: int, version: str) -> bytes:
    day = {"from": "2026-07-01", "until": "2026-07-01", "date": "2026-07-01"}
    times = {"startTimeInMinutes": 480, "endTimeInMinutes": 1020, "timeOfDayInMinutes": 480, "kind": "InOut"}
    body = {"id": number, "changeVersion": version, "person": {"id": 1}, "comments": f"Café {version}"}
    return json.dumps(body | day | times).encode()


@asynccontextmanager
async def reading(data: dict[str, Any], *, token: str | None = VIEWER) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the web process on this machine, without a socket."""
    app = build(config(data), data["store"]["url"])
    sent = {"authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=sent) as http,
    ):
        yield http


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[tuple[uvicorn.Server, str]]:
    """The same on a socket, for answers that have no end: the server and its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        settings_ = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=10)
        server = uvicorn.Server(settings_)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        yield server, f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await running

"""One collection the whole way in this process: simulator, receiver, a real Redis, gate, log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any

import httpx
import msgspec
from jsonschema import Draft202012Validator
from redis.asyncio import Redis

from simulator.app import create_app
from simulator.settings import Settings
from tests.service.rig import TOKEN, Client, config, serving, settings
from tests.workers.collection_examples import DAY, EXAMPLES
from tests.workers.tenants import AGENT, Tenant
from workers.changes import schema
from workers.config import Config
from workers.decisions import TenantIngest
from workers.deltas import Deltas
from workers.first_loads import Behind, Straight
from workers.ingest import Ingest
from workers.protime import ClientCredentials, Protime, scopes_for
from workers.protime.collections import COLLECTIONS
from workers.reading import TenantReading
from workers.reconcile import Reconciliation, window_of
from workers.refusals import Refusals
from workers.store import Store
from workers.store.leases import Leases
from workers.store.owed import Owed
from workers.store.progress import ProgressStore
from workers.store.state import States
from workers.store.stops import Stops
from workers.sync import Sync
from workers.views import tenant_view


class Wire:
    """Carries the simulator's deliveries to the receiver of this process; without one, or when cut, they get lost."""

    def __init__(self) -> None:
        self.receiver: Client | None = None

    def __call__(self) -> Wire:
        return self

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes) -> int:
        if self.receiver is None:
            return 202
        answer = await self.receiver.http.post(httpx.URL(url).path, content=payload, headers=dict(headers))
        return answer.status_code

    def close(self) -> None:
        pass


class House:
    """A tenant of one collection, from the simulator through the receiver, a real Redis and the gate to the log."""

    def __init__(self, redis: Redis, tenant: Tenant, wire: Wire, loaded: Config, name: str) -> None:
        self.redis, self.tenant, self.wire, self.name = redis, tenant, wire, name
        self.store = store = Store(loaded, redis)
        settings = loaded.tenants["acme"]
        own, leases = settings.collections[name], Leases(store.scripts)
        today = date.fromisoformat(DAY)
        self.reading = TenantReading(
            tenant.client,
            lambda: today,
            {name: today - timedelta(days=30)} if COLLECTIONS[name].dated else {},
            {name: own.reference_pairs},
            frozenset({name}),
        )
        view = TenantIngest("acme", tenant_view(settings, loaded.secret_key), {name: own.fetch})
        self.ingest = Ingest(store.inbox, store.gate, leases, {"acme": view}, never, lambda _: None)
        behind = Behind(store.inbox, lambda _: None)
        way = Straight(store.scripts, store.inbox, {"acme": view}, lambda _: None, behind)
        self.sync = Sync(way, leases, ProgressStore(store.scripts))
        self.deltas = Deltas(
            store.scripts, store.inbox, leases, store.deltas, Owed(store.scripts), Refusals(Stops(redis)),
            {"acme": self.reading}, lambda _: None, way,
        )  # fmt: skip
        self.reconciliation = Reconciliation(store.inbox, States(redis, store.inbox), lambda _: None)
        self.window = window_of(name, today, 7, 60)

    async def edit(self, **fields: Any) -> int:
        return int((await self.tenant.edit(self.name, **fields))["id"])

    async def remove(self, number: int) -> None:
        await self.tenant.control("DELETE", f"records/{self.name}/{number}")

    async def quiet(self) -> None:
        """Returns when all deliveries of the simulator have arrived."""
        while (await self.tenant.control("GET", "stats"))["pending"]:  # noqa: ASYNC110  # the simulator has no bell
            await asyncio.sleep(0.005)

    async def load(self) -> None:
        await self.sync.load(self.reading, "acme", self.name)

    async def pull(self) -> None:
        await self.deltas.pull("acme", self.name)

    async def reconcile(self) -> list[str]:
        found = await self.reconciliation.run(self.reading, "acme", self.name, self.window)
        return found.missed + found.deleted

    async def events(self, number: int) -> list[dict[str, Any]]:
        """All events of a record so far; each fits its schema."""
        found = []
        for partition in self.store.inbox.all("acme"):
            await self.ingest.drain(partition)
            found += [msgspec.json.decode(f[b"e"]) for _, f in await self.redis.xrange(partition.events)]
        events = [event for event in found if event["subject"] == f"{self.name}/{number}"]
        for event in events:
            Draft202012Validator(schema(event["dataschema"].removeprefix("/schemas/"))).validate(event)
        return events


async def never(*_: object) -> None:
    raise AssertionError("nothing is to be fetched")


@asynccontextmanager
async def tenant_of(name: str, wire: Wire) -> AsyncIterator[Tenant]:
    """Logged in with exactly the scopes that a configuration of this collection asks for."""
    app = create_app(Settings(rate_limit_per_minute=0, people=3, page_size=20), poster=wire)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app)) as http,
    ):
        scopes = scopes_for([name], manage_webhooks=True)
        assert f"connector-protimeapi-{EXAMPLES[name].scope or name}.read" in scopes
        login = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
        tokens = ClientCredentials(*login, user_agent=AGENT, http=http)
        yield Tenant(app, http, Protime("https://simulator", "acme", AGENT, tokens, http=http))


@asynccontextmanager
async def house_of(name: str, redis: Redis, redis_url: str) -> AsyncIterator[House]:
    wire, example = Wire(), EXAMPLES[name]
    async with tenant_of(name, wire) as tenant:
        path = f"https://hooks.example.com/webhooks/acme/{name}/{TOKEN}"
        created = await tenant.client.create_webhook(path, name, example.references)
        own: dict[str, Any] = {"fetch": "payload", "webhook": {"token": TOKEN, "keys": [created.key]}}
        own["since"] = DAY[:4] + "-01-01"
        own["external_references"] = {target: [reference] for target, reference in example.references}
        data = settings(redis_url, tenants={"acme": {"collections": {name: own}}})
        async with serving(data) as receiver:
            wire.receiver = receiver
            yield House(redis, tenant, wire, config(data), name)

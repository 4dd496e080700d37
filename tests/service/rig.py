"""A receiver with known keys and paths, and signed notifications for it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from redis.asyncio import Redis

from service.main import build
from workers.config import Config, parse
from workers.store.keys import Partition

KEY, OLD_KEY = "a-signing-key-of-the-tests", "the-signing-key-before"
TOKEN = "token-of-the-receiver"
SECRETS = (KEY, OLD_KEY, TOKEN, "client-secret-of-the-tests", "secret-key-of-the-tests-with-32-characters")
PATH = f"/webhooks/acme/assignments/{TOKEN}"


def settings(url: str = "", **changes: Any) -> dict[str, Any]:
    """A configuration with manual webhooks: `changes` are merged, key by key, over it."""
    webhook = {"token": TOKEN, "keys": [KEY, OLD_KEY]}
    tenant = {
        "client_id": "tests",
        "client_secret": SECRETS[3],
        "user_agent": "Tests/v1 (Shiftwire)",
        "collections": {
            "assignments": {"since": "2026-01-01", "fetch": "payload", "webhook": webhook},
            "clockings": {"since": "2026-01-01", "fetch": "delta", "webhook": webhook},
        },
    }
    base: dict[str, Any] = {
        "public_url": "https://hooks.example.com",
        "secret_key": SECRETS[4],
        "store": {"url": url, "partitions": 4},
        "server": {"host": "127.0.0.1", "max_body_bytes": 65536},
        "tenants": {"acme": tenant},
        "sinks": {"archive": {"type": "file", "path": "/nowhere"}},
        "subscriptions": {"manage": False},
    }
    return _merged(base, changes)


def managed(url: str = "", **changes: Any) -> dict[str, Any]:
    """The same with subscriptions of the store."""
    found = settings(url, subscriptions={"manage": True}, **changes)
    for collection in found["tenants"]["acme"]["collections"].values():
        del collection["webhook"]
    return found


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    for name, value in changes.items():
        base[name] = _merged(base[name], value) if isinstance(base.get(name), dict) else value
    return base


def config(data: dict[str, Any]) -> Config:
    return parse(data)


def change(number: int = 1, version: str = "01", **data: Any) -> dict[str, Any]:
    return {"changeType": "InsertOrUpdate", "data": {"id": number, "changeVersion": version, **data}}


def encoded(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def signature(body: bytes, key: str = KEY) -> str:
    return base64.b64encode(hmac.digest(key.encode(), body, hashlib.sha256)).decode()


def headers(body: bytes, key: str = KEY) -> dict[str, str]:
    return {"x-protime-signature": signature(body, key), "content-type": "application/json"}


@dataclass
class Client:
    """Sends signed notifications."""

    http: httpx.AsyncClient

    async def post(self, body: Any, path: str = PATH, key: str = KEY) -> httpx.Response:
        raw = encoded(body)
        return await self.http.post(path, content=raw, headers=headers(raw, key))

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)


@asynccontextmanager
async def serving(data: dict[str, Any]) -> AsyncIterator[Client]:
    """The web application on the store of the configuration, in this process, without a socket."""
    app = build(config(data), data["store"]["url"])
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://receiver") as http,
    ):
        yield Client(http)


async def stored(redis: Redis, collection: str = "assignments", partitions: int = 4) -> list[str]:
    """The resources in the inbox, of both kinds: what can be decided now, and what waits for a delta."""
    found: list[str] = []
    for number in range(partitions):
        partition = Partition("acme", number)
        for key in (partition.inbox, partition.waiting(collection)):
            rows: Any = await redis.xrange(key)
            found += [fields[b"k"].decode() for _, fields in rows]
    return found

"""An access token is in the store encrypted, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.e2e.echo import Echo
from workers.clients import Clients
from workers.config import parse
from workers.store import Store

TOKEN = "an-access-token-that-nobody-may-see"


@pytest.fixture
def protime() -> Iterator[Echo]:
    served = Echo(TOKEN, "a-webhook-key")
    yield served
    served.close()


async def stored(redis: Redis, protime: Echo, **keys: Any) -> list[bytes]:
    """What is in the store of the tenant's token after one was asked for."""
    tenant = {
        "base_url": protime.url,
        "auth_url": protime.url,
        "client_id": "shiftwire",
        "client_secret": "a secret",
        "user_agent": "Tests/v1 (Shiftwire)",
        "collections": {"people": {"webhook": {"token": "a-token-of-16-characters", "keys": ["a key"]}}},
    }
    config = parse({"subscriptions": {"manage": False}, "tenants": {"echo": tenant}, **keys})
    clients = Clients(config, Store(config, redis))
    await clients.token("echo")
    await clients.close()
    assert "client_secret" in protime.heard
    return [await redis.get(key) for key in await redis.keys("sw:{echo}:token:*")]


async def test_a_token_is_shared_encrypted(redis: Redis, protime: Echo) -> None:
    (sealed,) = await stored(redis, protime, secret_key="a secret key that is long enough for it")
    assert TOKEN.encode() not in sealed


async def test_without_a_secret_key_a_token_is_not_stored(redis: Redis, protime: Echo) -> None:
    assert await stored(redis, protime) == []

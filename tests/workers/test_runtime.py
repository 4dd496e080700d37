"""What a worker begins with by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.service.rig import config, managed
from workers.protime import PermissionDenied
from workers.queue import Wake, make_broker
from workers.runtime import Runtime
from workers.store.connect import connect


class Refusing:
    """Protime as a client meets it that may not have webhooks."""

    def __init__(self, *, even_to_list: bool) -> None:
        self._even_to_list = even_to_list

    async def list_webhooks(self) -> list[Any]:
        if self._even_to_list:
            raise PermissionDenied("403: webhooks.read")
        return []

    async def create_webhook(self, *_: object) -> None:
        raise PermissionDenied("403: webhooks.write")

    async def close(self) -> None:
        pass


@pytest.fixture
def settings(redis: Redis, redis_url: str, tmp_path: Path) -> dict[str, Any]:
    """`assignments` is kept without a delta."""
    data = managed(redis_url, store={"partitions": 1})
    data["sinks"] = {"archive": {"type": "file", "path": str(tmp_path)}}
    data["tenants"]["acme"]["collections"]["assignments"]["fetch"] = "resource"
    return data


@asynccontextmanager
async def worker(data: dict[str, Any], url: str, client: Refusing | None = None) -> AsyncIterator[Runtime]:
    broker = make_broker(url)
    runtime = Runtime(config(data), connect(url), Wake(broker))
    if client is not None:
        await runtime._clients._clients["acme"].close()
        runtime._clients._clients["acme"] = client  # type: ignore[assignment]
    try:
        await runtime.start()
        yield runtime
    finally:
        await runtime.stop(1)
        broker.client.close()


@pytest.mark.parametrize("even_to_list", [False, True])
async def test_a_collection_that_is_refused_its_webhook_is_loaded_all_the_same(
    settings: dict[str, Any], redis_url: str, even_to_list: bool
) -> None:
    async with worker(settings, redis_url, Refusing(even_to_list=even_to_list)) as runtime:
        assert await runtime.store.owed.all("acme") == {}
        await runtime.subscriptions.check("acme")
        await runtime.first_loads("acme")
        assert list(await runtime.store.owed.all("acme")) == ["assignments"]


async def test_a_collection_whose_webhook_is_still_to_be_made_waits_for_it(
    settings: dict[str, Any], redis_url: str
) -> None:
    async with worker(settings, redis_url) as runtime:
        await runtime.first_loads("acme")
        assert await runtime.store.owed.all("acme") == {}

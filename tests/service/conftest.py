from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import settings as hypothesis_settings
from redis.asyncio import Redis

from tests.service.event_log import OPERATOR, EventLog, installed, reading
from tests.service.processes import OwnRedis, running
from tests.service.rig import Client, config, serving, settings

# A slow machine is not a failing property.
hypothesis_settings.register_profile("service", deadline=None, max_examples=60)
hypothesis_settings.load_profile("service")


@pytest.fixture
async def receiver(redis: Redis, redis_url: str) -> AsyncIterator[Client]:
    """A receiver on the shared store, emptied, with webhooks made by hand."""
    async with serving(settings(redis_url)) as client:
        yield client


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[OwnRedis]:
    """A store that the test may kill."""
    yield from running(tmp_path)


@pytest.fixture
def data(redis_url: str, tmp_path: Path) -> dict[str, Any]:
    return installed(redis_url, sinks={"archive": {"type": "file", "path": str(tmp_path)}})


@pytest.fixture
async def log(redis: Redis, data: dict[str, Any]) -> EventLog:
    """Two assignments, one of them changed later, and a clocking; no sink has got any of it."""
    log = EventLog(config(data), redis)
    await log.change(1, 2)
    await log.change(1, version=2)
    await log.change(9, collection="clockings")
    return log


@pytest.fixture
async def operator(data: dict[str, Any], log: EventLog) -> AsyncIterator[httpx.AsyncClient]:
    async with reading(data, token=OPERATOR) as http:
        yield http

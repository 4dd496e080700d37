"""Every test of the store runs on the server of this machine and on the one that comes with the packages."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from workers.store.connect import connect


@pytest.fixture(params=["redis_url", "packed_redis_url"])
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = connect(request.getfixturevalue(request.param))
    await client.flushall()
    yield client
    await client.aclose()

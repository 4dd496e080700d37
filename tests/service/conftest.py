from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from redis.asyncio import Redis

from tests.service.processes import OwnRedis, running
from tests.service.rig import Client, serving, settings

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

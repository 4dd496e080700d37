from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.workers.replay.house import House, MemorySink


@pytest.fixture
async def house(redis: Redis) -> House:
    """A sink that has heard of everything from the beginning."""
    house = House(redis, MemorySink())
    await house.lane.register()
    return house

"""Where a long job stands, so that it can go on after a kill and somebody can watch it."""

from __future__ import annotations

import time

import msgspec
from redis.asyncio import Redis

from workers.store.keys import tenant_key


class Progress(msgspec.Struct):
    """Times are Unix seconds. `next_link` is the page to go on with, "" before the first and after the last.

    `expected` is how many records the job before this one found, 0 if there was none.
    """

    next_link: str = ""
    pages: int = 0
    records: int = 0
    started_at: float = 0.0
    finished_at: float = 0.0
    expected: int = 0

    @property
    def rate(self) -> float:
        """Records a second since the start."""
        return self.records / max(0.001, (self.finished_at or time.time()) - self.started_at)


_DECODER = msgspec.json.Decoder(Progress)


class ProgressStore:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def get(self, tenant: str, job: str) -> Progress:
        value = await self._redis.get(_key(tenant, job))
        return _DECODER.decode(value) if value else Progress()

    async def put(self, tenant: str, job: str, progress: Progress) -> None:
        await self._redis.set(_key(tenant, job), msgspec.json.encode(progress))


def lock_key(tenant: str, job: str) -> str:
    return f"{_key(tenant, job)}:lock"


def _key(tenant: str, job: str) -> str:
    """`job` such as `sync:assignments`."""
    return tenant_key(tenant, job)

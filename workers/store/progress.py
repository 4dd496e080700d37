"""Where a long job stands, so that it can go on after a kill and somebody can watch it."""

from __future__ import annotations

import time

import msgspec

from workers.store import lives
from workers.store.keys import tenant_key
from workers.store.scripts import Scripts


class Progress(msgspec.Struct):
    """Times are Unix seconds. `next_link` is the page to go on with, "" before the first and after the last.

    `expected` is how many records the job before this one found, 0 if there was none. `first_day` is the one that a load began
    with (ISO 8601), "" without one, or where that was not noted yet.
    """

    next_link: str = ""
    pages: int = 0
    records: int = 0
    started_at: float = 0.0
    finished_at: float = 0.0
    expected: int = 0
    first_day: str = ""

    @property
    def rate(self) -> float:
        """Records a second since the start."""
        return self.records / max(0.001, (self.finished_at or time.time()) - self.started_at)


_DECODER = msgspec.json.Decoder(Progress)


class ProgressStore:
    """All methods raise `redis.exceptions.RedisError`."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts

    async def life(self) -> str:
        """For `put`: asked before anything is appended that the progress lies behind."""
        return await lives.life(self._scripts.redis)

    async def get(self, tenant: str, job: str) -> Progress:
        value = await self._scripts.redis.get(_key(tenant, job))
        return _DECODER.decode(value) if value else Progress()

    async def put(self, tenant: str, job: str, progress: Progress, since: str) -> None:
        """`since`: the life of the store in which it took the records; raises `SetBack` in another one."""
        await lives.keep(self._scripts, _key(tenant, job), msgspec.json.encode(progress), since)


def lock_key(tenant: str, job: str) -> str:
    return f"{_key(tenant, job)}:lock"


def _key(tenant: str, job: str) -> str:
    """`job` such as `sync:assignments`."""
    return tenant_key(tenant, job)

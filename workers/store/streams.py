"""Reading Redis with the types it really answers with: this house never decodes on the way in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast

from redis.asyncio import Redis

Rows = list[tuple[bytes, dict[bytes, bytes]]]

_PAGE = 500


async def rows(redis: Redis, key: str, start: str = "-", end: str = "+", count: int | None = None) -> Rows:
    """Entries of a stream, oldest first; `start` may be `(id` for "after this one"."""
    return cast("Rows", await redis.xrange(key, start, end, count=count))


async def walk(redis: Redis, key: str, start: str = "-") -> AsyncIterator[tuple[str, dict[bytes, bytes]]]:
    """All entries of a stream from `start` on, in pages."""
    while found := await rows(redis, key, start, count=_PAGE):
        for id_, fields in found:
            yield id_.decode(), fields
        start = f"({found[-1][0].decode()}"


async def number(redis: Redis, key: str, field: str | None = None) -> int:
    """A whole number in a string or in a field of a hash; 0 when there is none."""
    return int((await redis.get(key) if field is None else await redis.hget(key, field)) or 0)

"""Bookmarks behind which nothing may be missing: the store keeps one only in the life in which it took what lies before it.

A store that was restarted may have lost the end of its file, and one that was replaced by its replica what the replica had not
got yet. What was appended a moment ago is gone then; a bookmark that is stored after that would step over it.
"""

from __future__ import annotations

from redis.asyncio import Redis

from workers.store.leases import Lease, LockLost
from workers.store.scripts import Scripts


class SetBack(Exception):
    """The store has begun another life since: what was appended may be gone, so it is to be read again."""


async def life(redis: Redis) -> str:
    """Which start of which server this is. Raises `redis.exceptions.RedisError`."""
    return str((await redis.info("server")).get("run_id", ""))


async def keep(scripts: Scripts, key: str, value: bytes, since: str = "", lease: Lease | None = None) -> None:
    """Stores a bookmark. `since`: the store's life before anything was appended that lies before it ("": any will do).

    `lease`: whose holder alone may store it; it has the hash tag of the key. Raises `SetBack`, `LockLost`, and
    `redis.exceptions.RedisError`.
    """
    if lease is None:
        answer = await scripts.run("keep", (key,), since, value)
    else:
        answer = await scripts.run("keep", (key, lease.key), since, value, lease.token)
    if answer == -1:
        raise LockLost
    if not answer:
        raise SetBack

"""Opening the store, and refusing one that would lose what it was given."""

from __future__ import annotations

from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError


class StoreUnreachable(Exception):
    """The store does not answer (exit code 69)."""


class UnsafeStore(Exception):
    """The store answers, but may forget or evict (exit code 78)."""


#: What the store answers when it cannot take a write now; the caller answers 503 or tries later.
UNAVAILABLE = (RedisError, OSError)


def connect(url: str, *, timeout: float = 5.0, connections: int = 64) -> Redis:
    """An asynchronous client. Opens nothing yet.

    A command whose connection turns out to be stale is repeated once at once: every script is safe to repeat
    (an append that happened twice is superseded at the gate), and further retries belong to the callers.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=connections,
        timeout=timeout,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 1),
    )
    return Redis.from_pool(pool)  # owns the pool: closing one closes both


async def verify(redis: Redis, *, allow_volatile: bool) -> None:
    """Refuses a store without append-only persistence or with eviction.

    Raises `StoreUnreachable` or `UnsafeStore`, both saying what to do.
    """
    try:
        await redis.ping()
        if allow_volatile:
            return
        problems = _problems(await redis.info("persistence"), await _policy(redis))
    except AuthenticationError as error:
        raise StoreUnreachable(f"store.url: Redis refused the credentials ({error})") from None
    except UNAVAILABLE as error:
        raise StoreUnreachable(
            f"store.url: Redis does not answer ({type(error).__name__}: {error})"
        ) from None
    if problems:
        raise UnsafeStore(
            f"store: {'; '.join(problems)}. Set it in the Redis configuration, or set store.allow_volatile: true "
            "if losing accepted changes is acceptable."
        )


async def check(url: str, *, allow_volatile: bool) -> None:
    """`verify` on a connection of its own, before a process starts its work."""
    redis = connect(url, connections=1)
    try:
        await verify(redis, allow_volatile=allow_volatile)
    finally:
        await redis.aclose()


async def _policy(redis: Redis) -> str:
    info: dict[str, Any] = await redis.info("memory")
    return str(info.get("maxmemory_policy", "unknown"))


def _problems(persistence: dict[str, Any], policy: str) -> list[str]:
    problems = []
    if not persistence.get("aof_enabled"):
        problems.append(
            "Redis keeps no append-only file and would forget accepted changes (needs `appendonly yes`)"
        )
    if policy != "noeviction":
        problems.append(
            f"Redis evicts keys when memory is full (maxmemory-policy is {policy}, needs `noeviction`)"
        )
    return problems

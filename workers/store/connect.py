"""Opening the store, and refusing one that would lose what it was given."""

from __future__ import annotations

from typing import Any

import hiredis
import structlog
from redis import ConnectionPool as BlockingPool
from redis import Redis as BlockingRedis
from redis import connection as blocking
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection, Connection, SSLConnection, UnixDomainSocketConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as HungUp

log = structlog.get_logger()


class StoreUnreachable(Exception):
    """The store does not answer (exit code 69)."""


class UnsafeStore(Exception):
    """The store answers, but may forget or evict (exit code 78)."""


#: What the store answers when it cannot take a write now; the caller answers 503 or tries later.
UNAVAILABLE = (RedisError, OSError)


class _Honest(AbstractConnection):
    """Packs commands in C, as redis-py's synchronous connections do: in Python it was a third of a worker's time.

    Says ConnectionError when the other side hung up, also where uvloop says RuntimeError ("the handler is closed").

    Otherwise a Redis that is killed at the wrong moment would look like a defect, and end what lives with the process.
    """

    def pack_command(self, *args: Any) -> list[bytes]:
        name = args[0]
        if isinstance(name, str) and " " in name:  # such as SCRIPT LOAD
            args = (*name.split(), *args[1:])
        try:
            return [hiredis.pack_command(args)]
        except TypeError:
            return list(super().pack_command(*args))  # knows more kinds of values, or says what is wrong

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise HungUp(str(error)) from error

    async def read_response(self, *args: Any, **kwargs: Any) -> Any:
        """A connection to a server that became a replica is given up: behind its address there may be another by now."""
        try:
            return await super().read_response(*args, **kwargs)
        except ReadOnlyError:
            self.mark_for_reconnect()  # type: ignore[no-untyped-call]
            raise


class _Plain(_Honest, Connection):
    pass


class _Tls(_Honest, SSLConnection):
    pass


class _Unix(_Honest, UnixDomainSocketConnection):
    pass


class _Leaving(blocking.AbstractConnection):
    """As `_Honest.read_response`."""

    def read_response(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().read_response(*args, **kwargs)
        except ReadOnlyError:
            self.mark_for_reconnect()  # type: ignore[no-untyped-call]
            raise


class _BlockingPlain(_Leaving, blocking.Connection):
    pass


class _BlockingTls(_Leaving, blocking.SSLConnection):
    pass


class _BlockingUnix(_Leaving, blocking.UnixDomainSocketConnection):
    pass


_BLOCKING = {
    blocking.Connection: _BlockingPlain,
    blocking.SSLConnection: _BlockingTls,
    blocking.UnixDomainSocketConnection: _BlockingUnix,
}
_CLASSES = {Connection: _Plain, SSLConnection: _Tls, UnixDomainSocketConnection: _Unix}


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
    pool.connection_class = _CLASSES[pool.connection_class]
    return Redis.from_pool(pool)  # owns the pool: closing one closes both


def connect_blocking(url: str, *, timeout: float = 5.0) -> BlockingRedis:
    """A client for threads, which leaves a server that became a replica as well. Opens nothing yet."""
    pool = BlockingPool.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
    pool.connection_class = _BLOCKING[pool.connection_class]
    return BlockingRedis.from_pool(pool)


async def verify(redis: Redis, *, allow_volatile: bool) -> None:
    """Refuses a store without append-only persistence or with eviction.

    Raises `StoreUnreachable` or `UnsafeStore`, both saying what to do.
    """
    try:
        await redis.ping()
        if allow_volatile:
            return
        problems = _problems(await redis.info("persistence"), await _policy(redis))
        await _warn_of_late_fsync(redis)
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


async def _warn_of_late_fsync(redis: Redis) -> None:
    """With `everysec` a loss of power, not of the process, takes up to a second of accepted changes with it."""
    try:
        found: dict[Any, Any] = await redis.config_get("appendfsync")
    except ResponseError:
        return  # a hosted Redis may not tell
    if "always" not in found.values():  # redis-py decodes this answer whatever the client was told
        log.warning("the store syncs its file late: only `appendfsync always` keeps every accepted change")


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

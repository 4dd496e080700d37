"""Whether the store keeps what it is given, and whether `secret_key` opens what lies in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from service.cli.failures import BAD_CONFIGURATION, UNREACHABLE
from service.cli.finding import Finding, failed, fine, unseen, warned
from workers.config import Config
from workers.store import Store
from workers.store.connect import UNAVAILABLE, StoreUnreachable, UnsafeStore, connect, verify
from workers.store.partition_count import compare
from workers.store.vault import CannotOpen


async def of_store(config: Config) -> AsyncIterator[Finding]:
    """The last one is no failure where the store answers and is safe."""
    if not config.store.url:
        yield fine("store", "embedded, `shiftwire run` starts it")
        return
    redis = connect(config.store.url, connections=1)
    try:
        async for finding in _findings(config, redis):
            yield finding
    except StoreUnreachable as error:
        yield failed("store", str(error), UNREACHABLE)
    except UnsafeStore as error:
        yield failed("store", str(error), BAD_CONFIGURATION)
    finally:
        await redis.aclose()


async def _findings(config: Config, redis: Redis) -> AsyncIterator[Finding]:
    await verify(redis, allow_volatile=config.store.allow_volatile)
    await compare(config, redis)
    if config.store.allow_volatile:
        yield warned("store", "answers; store.allow_volatile lets it forget accepted changes")
    elif late := await _late_fsync(redis):
        yield warned(
            "store",
            f"answers, but a loss of power takes the last accepted changes with it: appendfsync is {late}. "
            "Set `appendfsync always`",
        )
    else:
        yield fine("store", "answers, keeps what it is given")


async def _late_fsync(redis: Redis) -> str:
    """Another value than `always`, or ""."""
    try:
        found: dict[Any, Any] = await redis.config_get("appendfsync")
    except ResponseError:
        return ""  # a hosted Redis may not tell
    told = {
        str(value) for value in found.values()
    }  # redis-py decodes this answer whatever the client was told
    return ", ".join(sorted(told - {"always"}))


async def of_secret_key(config: Config, store: Store) -> AsyncIterator[Finding]:
    """Nothing where nothing is stored yet: then any key is as good as another."""
    opened = 0
    try:
        for tenant in config.tenants:
            opened += len(await store.subscriptions.all(tenant))
    except CannotOpen as error:
        yield failed("secret_key", f"tenants.{tenant}: {error}", BAD_CONFIGURATION)
    except UNAVAILABLE as error:
        yield unseen("secret_key", f"the store does not answer ({type(error).__name__})")
    else:
        if opened:
            yield fine("secret_key", f"opens the keys of {opened} stored webhook(s)")

"""What a command shares with the running service over the store: the tenant's rate limit, and its token.

A command is of use without a store too: from the first time the store does not answer it works alone, and says so once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

from service.cli.context import store_url
from service.cli.logs import configure
from service.cli.waiting import BOUND_SECONDS, tell_of_turn
from workers.config import Config
from workers.protime import Pace, RateLimit, TokenStore
from workers.store import Store
from workers.store.connect import UNAVAILABLE, connect
from workers.store.pace import SharedPace
from workers.store.tokens import SharedToken

T = TypeVar("T")

#: A store that is there answers by then; nobody waits before every command for one that is not.
_STORE_SECONDS = 2.0
#: A turn that is further away is worth a line.
_TELL_SECONDS = 2.0


class Link:
    """Whether the store has answered so far."""

    def __init__(self) -> None:
        self.alone = False

    def lost(self, error: Exception) -> None:
        if not self.alone:
            what = f"The store does not answer ({type(error).__name__}: {error})"
            print(
                f"{what}: this command works alone, with a rate limit and a token of its own.",
                file=sys.stderr,
                flush=True,
            )
        self.alone = True


class CommonPace:
    """The `RateLimit` of the tenant while the store answers, and one of this process from then on."""

    def __init__(self, link: Link, shared: RateLimit, own: RateLimit) -> None:
        self._link = link
        self._shared = shared
        self._own = own
        self._told = False

    async def acquire(self) -> None:
        if not self._link.alone:
            telling = asyncio.get_running_loop().call_later(_TELL_SECONDS, self._tell)
            try:
                return await self._shared.acquire()
            except UNAVAILABLE as error:
                self._link.lost(error)
            finally:
                telling.cancel()
        return await self._own.acquire()

    def _tell(self) -> None:
        """Once: with a small limit every request waits for its turn."""
        if not self._told:
            tell_of_turn()
        self._told = True

    async def pause(self, seconds: float) -> None:
        if not self._link.alone:
            try:
                return await self._shared.pause(seconds)
            except UNAVAILABLE as error:
                self._link.lost(error)
        return await self._own.pause(seconds)


class CommonToken:
    """The `TokenStore` of all processes while the store answers; from then on it keeps nothing."""

    def __init__(self, link: Link, shared: TokenStore) -> None:
        self._link = link
        self._shared = shared

    async def get(self) -> tuple[str, float] | None:
        if self._link.alone:
            return None
        try:
            return await self._shared.get()
        except UNAVAILABLE as error:
            self._link.lost(error)
            return None

    async def put(self, token: str, expires_at: float) -> None:
        if self._link.alone:
            return
        try:
            await self._shared.put(token, expires_at)
        except UNAVAILABLE as error:
            self._link.lost(error)

    def lock(self) -> AbstractAsyncContextManager[object]:
        return self._locked()

    @asynccontextmanager
    async def _locked(self) -> AsyncIterator[None]:
        held = self._shared.lock()
        if not self._link.alone:
            try:
                await held.__aenter__()
            except UNAVAILABLE as error:
                self._link.lost(error)
        locked = not self._link.alone
        try:
            yield
        finally:
            if locked:
                try:
                    await held.__aexit__(None, None, None)
                except UNAVAILABLE as error:  # it ends by itself
                    self._link.lost(error)


@asynccontextmanager
async def shared(
    config: Config, tenant: str, scopes: Sequence[str]
) -> AsyncIterator[tuple[RateLimit, TokenStore | None]]:
    """The rate limit of a command on a tenant, and where its token is kept."""
    settings, link = config.tenants[tenant], Link()
    redis = connect(store_url(config), timeout=_STORE_SECONDS, connections=8)
    store = Store(config, redis)
    # A person waits for longer than a worker, whom others wait for in turn.
    common = SharedPace(store.scripts, tenant, settings.requests_per_minute, patience=BOUND_SECONDS)
    pace = CommonPace(link, common, Pace(settings.requests_per_minute))
    token = SharedToken(store.scripts, store.vault, tenant, settings.client_id, scopes)
    try:
        # Without a secret_key nothing can be encrypted at rest.
        yield pace, CommonToken(link, token) if config.secret_key else None
    finally:
        await redis.aclose()


def with_store_or_alone(config: Config, work: Callable[[Store, bool], Coroutine[Any, Any, T]]) -> T:
    """Runs a coroutine that may ask the store (True), or shall not since it does not answer (False)."""
    configure("WARNING")  # to standard error: what a command prints is its result

    async def run() -> T:
        redis = connect(store_url(config), timeout=_STORE_SECONDS, connections=8)
        link = Link()
        try:
            try:
                await redis.ping()
            except UNAVAILABLE as error:
                link.lost(error)
            return await work(Store(config, redis), not link.alone)
        finally:
            await redis.aclose()

    return asyncio.run(run())

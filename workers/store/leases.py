"""Leases: who works on what. A killed worker loses its leases within seconds; correctness never hangs on them."""

from __future__ import annotations

import asyncio
import time
import uuid

import structlog
from redis.exceptions import RedisError

from workers.store.scripts import Call, Scripts

LEASE_MS = 2000
_RENEW_SECONDS = 0.5

log = structlog.get_logger()


class LockLost(Exception):
    """Another process is at it by now: this one leaves everything as it is."""


class Lease:
    """A lease held by this process; `alive` is the local view, to be asked before anything leaves the house."""

    def __init__(self, key: str, token: str) -> None:
        self.key = key
        self.token = token
        self.until = time.monotonic() + LEASE_MS / 1000

    @property
    def alive(self) -> bool:
        return time.monotonic() < self.until


class Leases:
    """All leases of one process, renewed together while the work on them lasts."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._held: dict[str, Lease] = {}
        self._stopped = False

    def hold(self, key: str) -> Lease:
        """A new token for a key. The script that does the work takes the lease itself; this keeps it alive."""
        lease = Lease(key, uuid.uuid4().hex)
        self._held[lease.token] = lease
        return lease

    async def acquire(self, key: str) -> Lease | None:
        """Takes a lease of its own, None when somebody else has it."""
        lease = self.hold(key)
        if await self._scripts.run("acquire", (key,), lease.token, LEASE_MS) == 1:
            return lease
        self.forget(lease)
        return None

    def forget(self, lease: Lease) -> None:
        """Stops renewing; whoever gave the lease back in a script calls this."""
        self._held.pop(lease.token, None)

    async def release(self, lease: Lease) -> None:
        self.forget(lease)
        try:
            await self._scripts.run("release", (lease.key,), lease.token)
        except RedisError:
            log.debug("lease left to expire", key=lease.key)

    def stop(self) -> None:
        """Ends `keep` for certain: redis-py swallows a cancellation now and then."""
        self._stopped = True

    async def keep(self) -> None:
        """Runs until `stop`."""
        while not self._stopped:
            await asyncio.sleep(_RENEW_SECONDS)
            held = list(self._held.values())
            if held:
                await self._renew(held)

    async def _renew(self, held: list[Lease]) -> None:
        asked = time.monotonic()
        try:
            answers = await self._scripts.run_many(
                [Call("renew", (h.key,), (h.token, LEASE_MS)) for h in held]
            )
        except (RedisError, OSError):
            return
        for lease, answer in zip(held, answers, strict=True):
            if answer == 1:
                lease.until = asked + LEASE_MS / 1000

"""A collection that Protime refuses (403, or 401 in spite of a new token) stops: it rests, and says why.

Nothing else stops with it. It is tried again every minute, so that a scope that is granted later is enough to go on.
"""

from __future__ import annotations

import time

import structlog

from workers.protime import AuthenticationFailed, PermissionDenied, ProtimeError
from workers.store.stops import Stops

log = structlog.get_logger()

REST_SECONDS = 60.0


class Refused(Exception):
    """Protime does not give this collection to us, and will not until somebody changes something there."""


class Refusals:
    """What this process was refused; the store tells everybody."""

    def __init__(self, stops: Stops, rest_seconds: float = REST_SECONDS) -> None:
        self._stops = stops
        self._rest_seconds = rest_seconds
        self._resting: dict[tuple[str, str], float] = {}

    def resting(self, tenant: str, collection: str) -> bool:
        """Whether it was refused a moment ago: not to be asked again yet."""
        return time.monotonic() < self._resting.get((tenant, collection), 0.0)

    async def met(self, tenant: str, collection: str, error: ProtimeError) -> bool:
        """Whether this error is a refusal; then the collection stops. Raises `RedisError`."""
        if not isinstance(error, PermissionDenied | AuthenticationFailed):
            return False
        self._resting[tenant, collection] = time.monotonic() + self._rest_seconds
        if await self._stops.put(tenant, collection, str(error)):
            log.error(
                "collection stopped: Protime refuses it",
                tenant=tenant,
                collection=collection,
                error=str(error),
                to_do=_to_do(collection, error),
            )
        return True

    async def over(self, tenant: str, collection: str) -> None:
        """It was answered. Costs nothing for what was never refused in this process. Raises `RedisError`."""
        if self._resting.pop((tenant, collection), None) is None:
            return
        if await self._stops.remove(tenant, collection):
            log.info("collection goes on", tenant=tenant, collection=collection)


def _to_do(collection: str, error: ProtimeError) -> str:
    if isinstance(error, AuthenticationFailed):
        return "check client_id, client_secret and the scopes that Protime granted; it is tried again every minute"
    return (
        f"let Protime grant this client what {collection} needs (shiftwire check --online lists the scopes); "
        "it is tried again every minute"
    )

"""A collection that Protime refuses (403, or 401 in spite of a new token) stops: it rests, and says why.

Nothing else stops with it. It is tried again every minute, so that a scope that is granted later is enough to go on.
A collection that gets no webhook goes on without: only its subscription stops, until a regular check gets one. And where Protime
does not take the request for a whole list, only that rests, for longer each time.
"""

from __future__ import annotations

import time

import structlog

from workers.protime import (
    AuthenticationFailed,
    Endless,
    KeyMissing,
    PermissionDenied,
    ProtimeError,
    Transient,
)
from workers.store.stops import Stops, subscription, whole

log = structlog.get_logger()

REST_SECONDS = 60.0
_LONGEST_WHOLE_REST_SECONDS = 3600.0


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
        if await self._stops.put(tenant, collection, str(error)) is None:
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

    async def whole_met(self, tenant: str, collection: str, error: ProtimeError) -> bool:
        """The same for a request for a whole list, which may be refused where all others are answered."""
        if await self.met(tenant, collection, error):
            return True
        if isinstance(error, Transient) and not isinstance(error, Endless):
            return False
        name = whole(collection)
        known = await self._stops.put(tenant, name, str(error), at_least=2 * _LONGEST_WHOLE_REST_SECONDS)
        log.error(
            "list stopped: Protime does not give it as a whole",
            tenant=tenant,
            collection=collection,
            error=str(error),
            tried_for=round(time.time() - known.since) if known else 0,
            to_do=(
                "see what Protime does not take; until then nothing is loaded or compared as a whole. "
                "It is tried again after a minute, later after longer, once an hour at least"
            ),
        )
        return True

    async def whole_rests(self, tenant: str, collection: str) -> bool:
        """Whether its whole list is not to be asked for yet. Raises `RedisError`."""
        stop = await self._stops.get(tenant, whole(collection))
        if stop is None:
            return False
        # As long as it has been tried already: that doubles the pauses.
        rest = min(_LONGEST_WHOLE_REST_SECONDS, max(self._rest_seconds, stop.at - stop.since))
        return 0 <= time.time() - stop.at < rest

    async def whole_over(self, tenant: str, collection: str) -> None:
        """Its list was given to its end. Raises `RedisError`."""
        if await self._stops.remove(tenant, whole(collection)):
            log.info("list goes on", tenant=tenant, collection=collection)

    async def unsubscribed(
        self, tenant: str, collection: str, error: ProtimeError, check_seconds: float
    ) -> None:
        """There is no webhook for it until a person changes something. Raises `RedisError`."""
        name, counts = subscription(collection), 3 * check_seconds
        known = await self._stops.put(tenant, name, str(error), at_least=counts)
        if known is None or known.error != str(error):
            log.error(
                "subscription stopped: Protime gives no usable webhook",
                tenant=tenant,
                collection=collection,
                error=str(error),
                to_do=_to_subscribe(tenant, collection, error),
            )

    async def subscribed(self, tenant: str, collection: str) -> None:
        """It has a webhook again. Raises `RedisError`."""
        if await self._stops.remove(tenant, subscription(collection)):
            log.info("subscription goes on", tenant=tenant, collection=collection)

    async def without_subscription(self, tenant: str) -> frozenset[str]:
        """The collections whose subscription stopped, in any process. Raises `RedisError`."""
        return await self._stops.of_subscriptions(tenant)


def _to_do(collection: str, error: ProtimeError) -> str:
    if isinstance(error, AuthenticationFailed):
        return "check client_id, client_secret and the scopes that Protime granted; it is tried again every minute"
    return (
        f"let Protime grant this client what {collection} needs (shiftwire check --online lists the scopes); "
        "it is tried again every minute"
    )


def _to_subscribe(tenant: str, collection: str, error: ProtimeError) -> str:
    if isinstance(error, KeyMissing):
        what = f"add the property that holds the key to tenants.{tenant}.webhook_key_names and start again"
    elif isinstance(error, PermissionDenied):
        what = f"let Protime grant this client webhooks of {collection} (shiftwire check --online lists the scopes)"
    else:
        what = f"see why Protime refuses a webhook of {collection}: is public_url an https address that it can reach?"
    return f"{what}; it is tried again every subscriptions.check_seconds"

"""Who writes in the demo: planners and people, through Shiftwire's own client for Protime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import httpx

from simulator.day import Refused
from workers.protime import (
    BodyRefused,
    ClientCredentials,
    Protime,
    ProtimeError,
    Transient,
    Unconfirmed,
    scopes_for,
)

T = TypeVar("T")

USER_AGENT = "DayPlayer/v1 (Shiftwire)"
_WRITES = ("assignments", "clockings")
_TRIES = 3  # of a write that the rate limit or a maintenance window turned away
_MAINTENANCE = 503
_WAIT_SECONDS = 1.0  # when the answer does not say how long


class PatientWriter:
    """A `simulator.day.Writer`. Raises Transient when Protime does not answer at all."""

    def __init__(self, protime: Protime) -> None:
        self._protime = protime

    async def create_assignment(self, body: Mapping[str, Any]) -> int:
        return await _patiently(lambda: self._protime.create_assignment(body))

    async def update_assignment(self, number: int, body: Mapping[str, Any]) -> None:
        await _patiently(lambda: self._protime.update_assignment(number, body))

    async def delete_assignment(self, number: int) -> None:
        await _patiently(lambda: self._protime.delete_assignment(number))

    async def create_clocking(self, body: Mapping[str, Any]) -> int:
        return await _patiently(lambda: self._protime.create_clocking(body))


@asynccontextmanager
async def writer(
    url: str, tenant: str, client_id: str, secret: str, http: httpx.AsyncClient | None = None
) -> AsyncIterator[PatientWriter]:
    """A writer with a token of its own, renewed whenever its life ends. A client given as `http` is not closed here."""
    scopes = scopes_for([], writes=_WRITES)
    tokens = ClientCredentials(url, tenant, client_id, secret, scopes, user_agent=USER_AGENT, http=http)
    try:
        async with Protime(url, tenant, USER_AGENT, tokens, http=http) as protime:
            yield PatientWriter(protime)
    finally:
        await tokens.close()


async def _patiently(write: Callable[[], Awaitable[T]]) -> T:
    """The simulator did nothing where its answer is to wait, so even a POST may be repeated then."""
    tries = 0
    while True:
        tries += 1
        try:
            return await write()
        except (Transient, Unconfirmed) as error:
            if error.status is None and isinstance(error, Transient):
                raise
            if tries == _TRIES or (isinstance(error, Unconfirmed) and error.status != _MAINTENANCE):
                raise Refused(str(error)) from error
            seconds = _WAIT_SECONDS if error.retry_after is None else error.retry_after
        except (BodyRefused, ProtimeError) as error:
            raise Refused(str(error)) from error
        await asyncio.sleep(seconds)

"""The client of one tenant: `get`, `list`, `delta_start`, `delta_pull`, the webhooks, and writing.

    async with Protime("https://acme.myprotime.eu", "acme", "PlanningSync/v1 (Acme Corp)", tokens) as protime:
        async for page in protime.list("assignments", date_window(date(2026, 1, 1))):
            ...

All methods raise `errors.ProtimeError` by what the caller can do. Only a refused token is answered by a second attempt, and
with a `Patience` a read that failed for the moment by more of them.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import httpx

from workers.protime.auth import TokenSource
from workers.protime.delta import DeltaReading
from workers.protime.own_writes import WriteObserver
from workers.protime.patience import Patience
from workers.protime.reading import Reading
from workers.protime.transport import OnRequest, RateLimit, Transport
from workers.protime.webhooks import KEY_NAMES, Subscribing
from workers.protime.writing import Writing


class Protime(Reading, DeltaReading, Subscribing, Writing):
    def __init__(
        self,
        base_url: str,
        tenant: str,
        user_agent: str,
        tokens: TokenSource,
        *,
        http: httpx.AsyncClient | None = None,
        timeout: float = 30.0,
        limit: RateLimit | None = None,
        on_request: OnRequest | None = None,
        webhook_key_names: Sequence[str] = KEY_NAMES,
        observer: WriteObserver | None = None,
        patience: Patience | None = None,
    ) -> None:
        """`base_url` is the host only. A client given as `http` is not closed here.

        `timeout` holds in any case: for a pause of Protime, for the whole of a write, and ten times that for the whole of
        a page. `observer` hears of every write; without `patience` nothing is repeated. Raises ValueError for a
        `user_agent` or a `base_url` of another shape.
        """
        self.tenant = tenant
        transport = Transport(
            base_url,
            user_agent,
            tokens,
            http=http,
            timeout=timeout,
            limit=limit,
            on_request=on_request,
            patience=patience,
        )
        Reading.__init__(self, transport)
        Subscribing.__init__(self, transport, webhook_key_names)
        Writing.__init__(self, transport, observer)

    def patient(self, patience: Patience) -> Self:
        """The same client with patience, over the same connections: closing one closes both."""
        other = copy.copy(self)
        other._transport = self._transport.patient(patience)  # noqa: SLF001  # its own
        return other

    async def close(self) -> None:
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"Protime({self._transport.origin}, tenant {self.tenant})"

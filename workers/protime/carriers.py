"""What carries a request to Protime and brings the answer: our own connections, or a client that somebody gave us."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import httpx

_MOST_CONNECTIONS = 20
#: An idle connection is closed before a usual server closes it under the next request.
_KEEP_SECONDS = 5.0


class Carrier(Protocol):
    """What `workers.outbound.Outbound` does. Raises `httpx.RequestError`."""

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        connect: float,
        read: float,
    ) -> tuple[int, Mapping[str, str], bytes]: ...

    async def close(self) -> None: ...


def own(origin: str) -> Carrier:
    # aiohttp takes a fifth of a second to import: a command that sends nothing does not wait for it.
    from workers.outbound import Outbound, environment_proxy  # noqa: PLC0415

    return Outbound(
        tls=httpx.create_ssl_context(),
        most=_MOST_CONNECTIONS,
        keep_seconds=_KEEP_SECONDS,
        proxy=environment_proxy(origin),
    )


def given(http: httpx.AsyncClient) -> Carrier:
    """A client of somebody else's, who closes it."""
    return _Given(http)


class _Given:
    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        connect: float,
        read: float,
    ) -> tuple[int, Mapping[str, str], bytes]:
        timeout = {"timeout": httpx.Timeout(read, connect=connect).as_dict()}
        request = httpx.Request(method, url, headers=headers, content=body, extensions=timeout)
        answer = await self._http.send(request, auth=None, follow_redirects=False)
        return answer.status_code, answer.headers, answer.content

    async def close(self) -> None:
        return None

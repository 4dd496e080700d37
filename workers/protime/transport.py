"""The edge: one request with a token, a `User-Agent` and the right error. Everything else here is about values.

Nothing is retried but a refused token, once: the callers' layer knows what can wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple, Protocol, TypeVar

import httpx

from workers.protime import errors, links, redaction, user_agent
from workers.protime.auth import TokenSource

T = TypeVar("T")

#: (method, route, status or None without an answer, seconds); a route is a path with `{id}` in place of ids.
OnRequest = Callable[[str, str, int | None, float], None]

#: A 401 that a new token did not cure is a missing scope: for so long the same token on the same
#: route fetches no other one.
DENIED_SECONDS = 30.0


#: Far beyond the 4,096 characters that Protime takes, and short of what the HTTP library refuses in its own way.
LONGEST_URL = 20_000


class RateLimit(Protocol):
    async def acquire(self) -> None:
        """Returns when the next request may be sent."""
        ...


class Call(NamedTuple):
    """One request; `url` is absolute and encoded."""

    method: str
    url: str
    route: str
    body: bytes | None = None
    if_match: str | None = None


class Transport:
    """Sends calls; everything the methods of the client share."""

    def __init__(
        self,
        base_url: str,
        agent: str,
        tokens: TokenSource,
        *,
        http: httpx.AsyncClient | None = None,
        timeout: float = 30.0,
        limit: RateLimit | None = None,
        on_request: OnRequest | None = None,
    ) -> None:
        self.origin = links.origin(base_url)
        self._tokens = tokens
        self._own_http = http is None
        self._http = http or httpx.AsyncClient(
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=20)
        )
        self._limit = limit
        self._on_request = on_request
        self._extensions = {"timeout": httpx.Timeout(timeout).as_dict()}
        self._prepared = {
            "Host": self.origin.partition("://")[2],
            "User-Agent": user_agent.checked(agent),
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Authorization": "",
        }
        self._refused: dict[tuple[str, str], tuple[str, float]] = {}

    async def send(self, call: Call) -> httpx.Response:
        """The answer of a success. Raises what `errors` decides."""
        token = await self._tokens.token()
        response = await self._exchange(call, token)
        if response.status_code == 401 and not self._denied(call, token):
            refused, token = token, await self._tokens.token(refresh=token)
            if token != refused:
                response = await self._exchange(call, token)
            if response.status_code == 401:
                self._refused[call.method, call.route] = (token, time.monotonic() + DENIED_SECONDS)
        if response.is_success:
            return response
        raise errors.from_response(
            response.status_code,
            response.headers,
            response.content,
            method=call.method,
            url=call.url,
            now=datetime.now(UTC),
            secrets=(token,),
        )

    async def fetch(self, call: Call, read: Callable[[bytes], T]) -> T:
        """What `read` makes of the answer's body. Also raises Malformed, with the request it belongs to."""
        response = await self.send(call)
        try:
            return read(response.content)
        except errors.Malformed as error:
            error.status, error.method, error.url = (
                response.status_code,
                call.method,
                redaction.address(call.url),
            )
            raise

    async def close(self) -> None:
        if self._own_http:
            await self._http.aclose()

    async def _exchange(self, call: Call, token: str) -> httpx.Response:
        if len(call.url) > LONGEST_URL:
            raise errors.UriTooLong("not sent", method=call.method, url=redaction.address(call.url[:200]))
        if self._limit is not None:
            await self._limit.acquire()
        request = httpx.Request(
            call.method,
            call.url,
            headers=self._headers(call, token),
            content=call.body,
            extensions=self._extensions,
        )
        started, status = time.perf_counter(), None
        try:
            response = await self._http.send(request, auth=None, follow_redirects=False)
            status = response.status_code
        except httpx.RequestError as error:
            raise _unanswered(call, error) from error
        finally:
            if self._on_request is not None:
                self._on_request(call.method, call.route, status, time.perf_counter() - started)
        return response

    def _headers(self, call: Call, token: str) -> dict[str, str]:
        self._prepared["Authorization"] = f"Bearer {token}"
        if call.body is None:
            return self._prepared
        matching = {} if call.if_match is None else {"If-Match": call.if_match}
        return {**self._prepared, "Content-Type": "application/json", **matching}

    def _denied(self, call: Call, token: str) -> bool:
        refused, until = self._refused.get((call.method, call.route), ("", 0.0))
        return token == refused and time.monotonic() < until


def _unanswered(call: Call, error: httpx.RequestError) -> errors.ProtimeError:
    not_sent = isinstance(
        error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol
    )
    return errors.unanswered(type(error).__name__, sent=not not_sent, method=call.method, url=call.url)

"""The edge: one request with a token, a `User-Agent` and the right error. Everything else here is about values.

Nothing is retried but a refused token, once, and reads by a `Patience` where one was given.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple, Protocol, Self, TypeVar

import httpx

from workers.protime import errors, links, no_answer, redaction, user_agent
from workers.protime.auth import TokenSource
from workers.protime.carriers import given, own
from workers.protime.patience import Patience

T = TypeVar("T")

#: (method, route, status or None without an answer, seconds); a route is a path with `{id}` in place of ids.
OnRequest = Callable[[str, str, int | None, float], None]

#: A 401 that a new token did not cure is a missing scope: for so long the same token on the same
#: route fetches no other one.
DENIED_SECONDS = 30.0


#: Far beyond the 4,096 characters that Protime takes, and short of what the HTTP library refuses in its own way.
LONGEST_URL = 20_000


#: Somebody who asks us to wait for longer is asked again after so long all the same.
LONGEST_PAUSE_SECONDS = 3600.0
#: After a 429 that does not say how long.
_PAUSE_SECONDS = 1.0


#: A host that does not take the connection by then is away.
CONNECT_SECONDS = 5.0
#: A single record is answered by then, or not at all: whoever waits for it holds up others, and the notification told it too.
SOON_SECONDS = 10.0
#: The body of a list or a delta, which is never cut into pages, may take so many times what a pause in it may.
_LONG_BODY = 10


class RateLimit(Protocol):
    async def acquire(self) -> None:
        """Returns when the next request may be sent. May raise `RateLimited` instead of a long wait."""
        ...

    async def pause(self, seconds: float) -> None:
        """Protime asked for silence: no request of this tenant is sent for so long."""
        ...


class Call(NamedTuple):
    """One request; `url` is absolute and encoded. `sending` is awaited right before it leaves. `soon`: about one record."""

    method: str
    url: str
    route: str
    body: bytes | None = None
    if_match: str | None = None
    sending: Callable[[], Awaitable[None]] | None = None
    soon: bool = False


class Answer(NamedTuple):
    """A whole answer. Header names are found in any case."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300


class _Limits(NamedTuple):
    """Seconds: for a connection, for a pause of the other side, and for everything together."""

    connect: float
    read: float
    whole: float


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
        patience: Patience | None = None,
    ) -> None:
        self.origin = links.origin(base_url)
        self._tokens = tokens
        self._carrier = given(http) if http else own(self.origin)
        self._limit = limit
        self._on_request = on_request
        self._timeout = timeout
        self._patience = patience
        self._prepared = {
            "Host": self.origin.partition("://")[2],
            "User-Agent": user_agent.checked(agent),
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            "Authorization": "",
        }
        self._refused: dict[tuple[str, str], tuple[str, float]] = {}

    def patient(self, patience: Patience) -> Self:
        """The same with patience, over the same connections."""
        other = copy.copy(self)
        other._patience = patience  # noqa: SLF001  # its own
        return other

    async def send(self, call: Call) -> Answer:
        """The answer of a success. Raises what `errors` decides."""
        if self._patience is None or call.method != "GET":
            return await self._send(call)
        return await self._patience.keep_at(partial(self._send, call))

    async def fetch(self, call: Call, read: Callable[[bytes], T]) -> T:
        """What `read` makes of the answer's body. Also raises Malformed, with the request it belongs to."""
        if self._patience is None or call.method != "GET":
            return await self._fetch(call, read)
        return await self._patience.keep_at(partial(self._fetch, call, read))

    async def _send(self, call: Call) -> Answer:
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
        error = errors.from_response(
            response.status_code,
            response.headers,
            response.content,
            method=call.method,
            url=call.url,
            now=datetime.now(UTC),
            secrets=(token,),
        )
        await self._heed(error)
        raise error

    async def _fetch(self, call: Call, read: Callable[[bytes], T]) -> T:
        response = await self._send(call)
        try:
            return read(response.content)
        except errors.Malformed as error:
            error.status, error.method, error.url = (
                response.status_code,
                call.method,
                redaction.address(call.url),
            )
            raise

    async def _heed(self, error: errors.ProtimeError) -> None:
        """429, and 503 with a time: everybody who shares the limit is silent for as long as Protime asks."""
        if self._limit is None or not isinstance(error, errors.Transient | errors.Unconfirmed):
            return
        seconds = error.retry_after
        if seconds is None and isinstance(error, errors.RateLimited):
            seconds = _PAUSE_SECONDS
        if seconds:
            await self._limit.pause(min(seconds, LONGEST_PAUSE_SECONDS))

    async def close(self) -> None:
        await self._carrier.close()

    async def _exchange(self, call: Call, token: str) -> Answer:
        if len(call.url) > LONGEST_URL:
            raise errors.UriTooLong("not sent", method=call.method, url=redaction.address(call.url[:200]))
        if self._limit is not None:
            await self._limit.acquire()
        if call.sending is not None:
            await call.sending()
        started, status = time.perf_counter(), None
        try:
            response = await self._answer(call, token)
            status = response.status_code
        except httpx.RequestError as error:
            raise _unanswered(call, error) from error
        except TimeoutError as error:
            reason = f"not complete after {self._limits(call).whole:.0f} s"
            raise errors.unanswered(reason, sent=True, method=call.method, url=call.url) from error
        finally:
            if self._on_request is not None:
                self._on_request(call.method, call.route, status, time.perf_counter() - started)
        return response

    async def _answer(self, call: Call, token: str) -> Answer:
        limits = self._limits(call)
        headers = self._headers(call, token)
        # Each part of a body starts the time for a pause anew: one that drips would go on for ever.
        async with asyncio.timeout(limits.whole):
            found = await self._carrier.exchange(
                call.method, call.url, headers, call.body, connect=limits.connect, read=limits.read
            )
        return Answer(*found)

    def _limits(self, call: Call) -> _Limits:
        connect = min(CONNECT_SECONDS, self._timeout)
        read = min(SOON_SECONDS, self._timeout) if call.soon else self._timeout
        long = call.method == "GET" and not call.soon
        return _Limits(connect, read, connect + read * (_LONG_BODY if long else 1))

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
    return errors.unanswered(no_answer.why(error), sent=not not_sent, method=call.method, url=call.url)

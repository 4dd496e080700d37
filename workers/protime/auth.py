"""Access tokens by client credentials (protime-api §2).

One token serves its whole life: asking for one per call is itself rate limited. A process asks once, however many
requests wait; with a `TokenStore` all processes share one token.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlencode

import httpx
import msgspec

from workers.protime import errors, links, no_answer, user_agent
from workers.protime.errors import Malformed, ProtimeError
from workers.protime.not_json import NOT_JSON

#: A token is replaced so long before its end, or a tenth of its life before it when that is less.
MARGIN_SECONDS = 60.0
_DEFAULT_LIFE_SECONDS = 300.0


class TokenSource(Protocol):
    async def token(self, *, refresh: str | None = None) -> str:
        """A token to send; `refresh` is one that the API just refused, so it is not given again."""
        ...


class TokenStore(Protocol):
    """Where processes share the token of one client and scope list. `expires_at` is in Unix seconds.

    `expires_at` is when the token shall no longer be used: the margin is already taken off.
    """

    async def get(self) -> tuple[str, float] | None: ...

    async def put(self, token: str, expires_at: float) -> None: ...

    def lock(self) -> AbstractAsyncContextManager[object]:
        """Held by the one process that asks for a new token. Must end by itself when its holder dies."""
        ...


class TokenAnswer(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float = _DEFAULT_LIFE_SECONDS
    scope: str = ""


_ANSWER = msgspec.json.Decoder(TokenAnswer, strict=False)


class ClientCredentials:
    """The token source of one client.

    Raises `AuthenticationFailed` when the endpoint refuses the client, `Transient` when it cannot answer now.
    """

    def __init__(
        self,
        auth_url: str,
        tenant: str,
        client_id: str,
        client_secret: str,
        scopes: Iterable[str],
        *,
        user_agent: str,
        http: httpx.AsyncClient | None = None,
        store: TokenStore | None = None,
        timeout: float = 15.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`auth_url` is the host only; exactly `scopes` are asked for. A client given as `http` is not closed here."""
        self._url = f"{links.origin(auth_url)}/tenants/{links.segment(tenant)}/connect/token"
        self._scopes = tuple(scopes)
        self._form = token_form(client_id, client_secret, self._scopes)
        self._secret = client_secret
        self._headers = _headers(user_agent)
        self._own_http = http is None
        self._http = http or httpx.AsyncClient()
        self._store = store
        self._timeout = timeout
        self._clock = clock
        self._lock = asyncio.Lock()
        self._token, self._usable_until = "", 0.0
        self._failed: ProtimeError | None = None
        self._rounds = 0
        self.granted: frozenset[str] | None = None
        """The scopes of the last token this process fetched; None before, or when the answer named none."""

    @property
    def missing_scopes(self) -> frozenset[str]:
        """Scopes that were asked for and not granted."""
        return frozenset() if self.granted is None else frozenset(self._scopes) - self.granted

    async def token(self, *, refresh: str | None = None) -> str:
        if self._usable(refresh):
            return self._token
        rounds = self._rounds
        async with self._lock:
            if self._usable(refresh):
                return self._token
            if self._failed is not None and self._rounds > rounds:
                raise self._failed  # whoever asked while we waited was refused: no use asking once more for each
            await self._renew(refresh)
            return self._token

    async def close(self) -> None:
        if self._own_http:
            await self._http.aclose()

    def _usable(self, refused: str | None) -> bool:
        return self._clock() < self._usable_until and self._token != refused

    async def _renew(self, refused: str | None) -> None:
        self._failed = None
        try:
            if self._store is None:
                self._token, self._usable_until = await self._fetch()
            else:
                await self._share(self._store, refused)
        except ProtimeError as error:
            self._failed = error
            raise
        finally:
            self._rounds += 1

    async def _share(self, store: TokenStore, refused: str | None) -> None:
        if await self._take(store, refused):
            return
        async with store.lock():
            if not await self._take(store, refused):
                self._token, self._usable_until = await self._fetch()
                await store.put(self._token, self._usable_until)

    async def _take(self, store: TokenStore, refused: str | None) -> bool:
        found = await store.get()
        if found is None or found[0] == refused or found[1] <= self._clock():
            return False
        self._token, self._usable_until = found
        return True

    async def _fetch(self) -> tuple[str, float]:
        asked_at = self._clock()
        try:
            # httpx limits each pause alone: an answer that drips would keep everybody who waits for a token for ever.
            async with asyncio.timeout(self._timeout):
                response = await self._http.post(
                    self._url,
                    content=self._form,
                    headers=self._headers,
                    timeout=self._timeout,
                    follow_redirects=False,
                )
        except (httpx.RequestError, TimeoutError) as error:
            reason = no_answer.why(error)
            # Asking twice does no harm, so this is transient like a read.
            raise errors.unanswered(reason, sent=False, method="POST", url=self._url) from error
        if response.status_code != 200:
            raise errors.from_token_response(
                response.status_code,
                response.headers,
                response.content,
                url=self._url,
                now=datetime.fromtimestamp(asked_at, UTC),
                secrets=(self._secret,),
            )
        answer = token_answer(response.content)
        self.granted = frozenset(answer.scope.split()) or None
        return answer.access_token, usable_until(asked_at, answer.expires_in)

    def __repr__(self) -> str:
        return f"ClientCredentials({self._url})"


def token_form(client_id: str, client_secret: str, scopes: Iterable[str]) -> bytes:
    """The body of the token request."""
    return urlencode(
        {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": " ".join(scopes),
        }
    ).encode()


def token_answer(body: bytes) -> TokenAnswer:
    """Raises Malformed for anything but a token; what the body held is not repeated."""
    try:
        answer = _ANSWER.decode(body)
    except NOT_JSON:
        raise Malformed("the token endpoint answered something that is no token") from None
    if not answer.access_token or not answer.access_token.isascii() or not answer.access_token.isprintable():
        raise Malformed("the token endpoint answered something that is no token")
    return answer


def usable_until(asked_at: float, life: float) -> float:
    """When to ask for the next token, in Unix seconds; `life` is `expires_in`."""
    return asked_at + life - min(MARGIN_SECONDS, life / 10)


def _headers(agent: str) -> dict[str, str]:
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "Accept": "application/json",
        "User-Agent": user_agent.checked(agent),
    }

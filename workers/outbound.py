"""HTTP to the outside, carried by aiohttp; its errors are those of httpx.

httpx' own transport was most of what a change cost that is fetched and delivered by itself (ADR 13).
"""

from __future__ import annotations

import contextlib
import io
import ssl
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache
from typing import Final

import aiohttp
import httpx
from yarl import URL

#: Nothing goes out that the caller has not put in.
_NOTHING_BY_ITSELF: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")

_LARGE: Final = 1 << 20


class Outbound:
    """A pool of at most `most` connections; one that was idle for `keep_seconds` is closed. `proxy`: all go by it.

    No request is repeated and no redirect followed. Raises `httpx.TransportError`: `ConnectError` and `ConnectTimeout` when nothing
    was sent. The texts of errors never have the URL, which may hold a secret.
    """

    def __init__(
        self, *, tls: ssl.SSLContext, most: int, keep_seconds: float, proxy: URL | None = None
    ) -> None:
        self._tls = tls
        self._most = most
        self._keep_seconds = keep_seconds
        self._proxy = proxy
        self._opened: aiohttp.ClientSession | None = None

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
        """Status, headers (found in any case) and content of the answer, read to its end and unpacked.

        `url` is encoded already: not a byte of it is changed. `connect`: seconds for a connection; `read`: without a word from the
        other side.
        """
        with _in_words_of_httpx():
            async with self._session().request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=_data(body),
                allow_redirects=False,
                timeout=_timeout(read, connect, read),
                auto_decompress=True,
            ) as answer:
                return answer.status, answer.headers, await answer.read()

    async def begin(self, request: httpx.Request) -> httpx.Response:
        """The answer's head; whoever reads the rest closes it. The extensions mean what they mean to httpx' transports."""
        with _in_words_of_httpx():
            answer = await self._session().request(
                request.method,
                _url(request),
                headers=[(name.decode(), value.decode()) for name, value in request.headers.raw],
                data=_data(request.content),
                allow_redirects=False,
                timeout=_timeout_of(request),
                server_hostname=request.extensions.get("sni_hostname"),
            )
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    def _session(self) -> aiohttp.ClientSession:
        """Made on the loop on which the requests are."""
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._most, keepalive_timeout=self._keep_seconds, ssl=self._tls
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                skip_auto_headers=_NOTHING_BY_ITSELF,
                proxy=self._proxy,
            )
            # It would send a GET, PUT or DELETE once more when the connection breaks. Whether a request may be repeated is for
            # the caller to decide, and every one counts for the rate limit.
            self._opened._retry_connection = False  # noqa: SLF001
        return self._opened


def environment_proxy(origin: str) -> URL | None:
    """The proxy that the variables of the environment name for an origin, as httpx and curl read them."""
    address = URL(origin)
    found = urllib.request.getproxies()
    proxy = found.get(address.scheme) or found.get("all")
    return URL(proxy) if proxy and not urllib.request.proxy_bypass(address.host or "") else None


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_words_of_httpx():
            async for part in self._answer.content.iter_any():
                yield part

    async def aclose(self) -> None:
        """A connection whose answer was not read to its end is closed, the others go back to the pool."""
        self._answer.release()


def _data(body: bytes | None) -> bytes | io.BytesIO | None:
    """A large body as a file, which aiohttp sends piece by piece; it would warn of one that is not."""
    return io.BytesIO(body) if body and len(body) > _LARGE else body or None


def _url(request: httpx.Request) -> URL:
    target: bytes = request.extensions.get("target", request.url.raw_path)
    return URL(f"{request.url.scheme}://{request.url.netloc.decode()}{target.decode()}", encoded=True)


def _timeout_of(request: httpx.Request) -> aiohttp.ClientTimeout:
    seconds = request.extensions.get("timeout", {})
    return _timeout(seconds.get("pool"), seconds.get("connect"), seconds.get("read"))


@cache
def _timeout(pool: float | None, connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(connect=pool, sock_connect=connect, sock_read=read)


@contextlib.contextmanager
def _in_words_of_httpx() -> Iterator[None]:
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        kind, text = _meaning(error)
        raise kind(text) from None  # the text of the cause may have the URL


def _meaning(error: Exception) -> tuple[type[httpx.TransportError], str]:
    found = next((row for row in _MEANINGS if isinstance(error, row[0])), None)
    if found is None:
        return httpx.ReadError, str(error)
    _, kind, text = found
    return kind, text or getattr(error, "message", "") or str(error)


#: The first that fits; without a text of ours the error has one that is safe to show.
_MEANINGS: Final[tuple[tuple[type[Exception], type[httpx.TransportError], str], ...]] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout, "no connection in time"),
    (TimeoutError, httpx.ReadTimeout, "no answer in time"),
    (aiohttp.ClientConnectorError, httpx.ConnectError, ""),
    (
        aiohttp.ServerDisconnectedError,
        httpx.RemoteProtocolError,
        "the server closed the connection without an answer",
    ),
    (aiohttp.ClientResponseError, httpx.RemoteProtocolError, ""),
    (
        aiohttp.ClientPayloadError,
        httpx.RemoteProtocolError,
        "the answer broke off, or could not be unpacked",
    ),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol, "not an address of HTTP"),
    (aiohttp.NonHttpUrlClientError, httpx.UnsupportedProtocol, "not an address of HTTP"),
)

"""HTTP to the outside, carried by aiohttp; its errors are those of httpx.

httpx' own transport was most of what a change cost that is fetched and delivered by itself (ADR 13).
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
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

    async def post(
        self,
        url: URL,
        headers: Mapping[str, str],
        body: bytes,
        *,
        connect: float | None = None,
        server_name: str | None = None,
    ) -> Answered:
        """An answer as soon as its head has come; `beginning` gives the connection back.

        `connect`: seconds for a connection; everything else is for the caller to limit. `server_name`: whom the certificate must name,
        where `url` has an address. `Host` comes of `headers`.
        """
        with _in_words_of_httpx():
            answer = await self._session().post(
                url,
                headers=headers,
                data=_data(body),
                allow_redirects=False,
                timeout=_timeout(None, connect, None),
                server_hostname=server_name,
            )
        return Answered(answer)

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


class Answered:
    """The head of an answer."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer
        self.status = answer.status
        #: Found in any case.
        self.headers: Mapping[str, str] = answer.headers

    async def beginning(self, most: int, until: float) -> bytes:
        """At most so many bytes, as far as they come until then (time of the event loop). To be called once.

        A connection whose answer was not read to its end is closed, the others go back to the pool.
        """
        content = self._answer.content
        try:
            if content.is_eof() and content.exception() is None:  # came together with the head
                return content.read_nowait()[:most]
            return await _first_bytes(content, most, until)
        finally:
            self._answer.release()


async def _first_bytes(content: aiohttp.StreamReader, most: int, until: float) -> bytes:
    received = bytearray()
    with contextlib.suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout_at(until):
            async for part in content.iter_any():
                received += part
                if len(received) > most:
                    break
    return bytes(received[:most])


def _data(body: bytes | None) -> bytes | io.BytesIO | None:
    """A large body as a file, which aiohttp sends piece by piece; it would warn of one that is not."""
    return io.BytesIO(body) if body and len(body) > _LARGE else body or None


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

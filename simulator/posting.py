"""A lean HTTP/1.1 client for one thing: POST a payload, learn the status.

A general client spends most of a millisecond on each request and would be the slowest part of every measurement
made with the simulator. This one does a tenth of it on the parser that uvicorn uses too.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from typing import Protocol, cast
from urllib.parse import SplitResult, urlsplit

import httptools


class Poster(Protocol):
    """Posts one payload at a time. Raises OSError when no answer came (TimeoutError is one)."""

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes) -> int: ...

    def close(self) -> None: ...


class Connection(asyncio.Protocol):
    """One connection, one request at a time. Also the listener of its parser."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.answer: asyncio.Future[int] | None = None
        self.transport: asyncio.Transport | None = None
        self.status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio.Transport, and have all of it.
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self._finish(ConnectionError("the answer is not HTTP"))

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()

    def on_message_complete(self) -> None:
        if self.status < 200:
            return
        if not self.parser.should_keep_alive():
            self.close()
        self._finish(self.status)

    def connection_lost(self, exc: Exception | None) -> None:
        """An answer without a length ends here; else there is none."""
        self.transport = None
        whole = exc is None and self.status >= 200
        self._finish(self.status if whole else ConnectionError("the connection was closed"))

    async def exchange(self, request: bytes) -> int:
        if self.transport is None:
            raise ConnectionError("the connection was closed")
        self.status = 0
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()
            self.transport = None

    def _finish(self, outcome: int | OSError) -> None:
        if self.answer is None or self.answer.done():
            return
        if isinstance(outcome, int):
            self.answer.set_result(outcome)
        else:
            self.answer.set_exception(outcome)


class KeepAlivePoster:
    """Keeps its connection between two posts to the same host. Redirects are not followed."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._connection: Connection | None = None
        self._place: tuple[str, str] = ("", "")

    async def post(self, url: str, headers: Mapping[str, str], payload: bytes) -> int:
        parts = urlsplit(url)
        request = _encode(parts, headers, payload)
        kept = self._connection
        try:
            return await self._exchange(parts, request)
        except ConnectionError:
            # The other side may have closed an idle connection at the moment it was used again: once more.
            if kept is None:
                raise
        return await self._exchange(parts, request)

    async def _exchange(self, parts: SplitResult, request: bytes) -> int:
        try:
            connection = await self._connect(parts)
            return await connection.exchange(request)
        except BaseException:
            self.close()  # an answer that comes late must not be taken for the next one
            raise

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _connect(self, parts: SplitResult) -> Connection:
        kept, place = self._connection, (parts.scheme, parts.netloc)
        if (
            kept is not None
            and kept.transport is not None
            and not kept.transport.is_closing()
            and place == self._place
        ):
            return kept
        self.close()
        tls = self._tls if parts.scheme == "https" else None
        port = parts.port or (443 if tls else 80)
        loop = asyncio.get_running_loop()
        _, self._connection = await loop.create_connection(Connection, parts.hostname or "", port, ssl=tls)
        self._place = place
        return self._connection


def _encode(parts: SplitResult, headers: Mapping[str, str], payload: bytes) -> bytes:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"POST {target} HTTP/1.1", f"host: {parts.netloc}", f"content-length: {len(payload)}"]
    lines.extend(f"{name}: {value}" for name, value in headers.items())
    return "\r\n".join((*lines, "", "")).encode("latin-1") + payload


def keep_alive() -> Callable[[], Poster]:
    """Return a factory of posters that share one TLS context."""
    tls = ssl.create_default_context()
    return lambda: KeepAlivePoster(tls)

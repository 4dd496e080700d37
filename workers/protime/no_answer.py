"""Why a request got no answer, in words for those who read a log or a screen. Pure."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx

_WORDS: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((httpx.ConnectTimeout,), "no connection in time"),
    ((httpx.PoolTimeout,), "all connections are in use"),
    ((httpx.TimeoutException, TimeoutError), "nothing came in time"),
    ((httpx.RemoteProtocolError, httpx.ReadError), "the connection ended before the answer"),
)
_DEEPEST = 10


def why(error: Exception) -> str:
    """What the system said, else what the kind of error means. Repeats no text that the other side has written."""
    for one in _behind(error):
        if isinstance(one, ssl.SSLError):
            return f"TLS: {getattr(one, 'verify_message', '') or getattr(one, 'reason', '') or 'refused'}"
        if isinstance(one, socket.gaierror) and one.strerror:
            return one.strerror
        # By its number: asyncio puts words and addresses of its own into the text.
        if isinstance(one, OSError) and one.errno and not isinstance(one, TimeoutError):
            return os.strerror(one.errno)
    return next((words for kinds, words in _WORDS if isinstance(error, kinds)), type(error).__name__)


def host(url: str) -> str:
    """`acme.myprotime.eu`, with a port that was named; no user, no path."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it came from."""
    seen: BaseException | None = error
    for _ in range(_DEEPEST):
        if seen is None:
            return
        yield seen
        inner = seen.exceptions[0] if isinstance(seen, BaseExceptionGroup) else None
        seen = inner or seen.__cause__ or seen.__context__

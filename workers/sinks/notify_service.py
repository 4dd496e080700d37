"""One address that takes notifications, by Apprise: one message at a time, in a thread of its own.

Apprise blocks, and says of a failure no more than that it was one; why stands in its log, which is read here and goes
nowhere else, since it tells of addresses and what is in them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from workers.sinks.base import CLOSED, Failure
from workers.sinks.reasons import readable

if TYPE_CHECKING:
    from apprise import NotifyBase

_PARTS: Final = re.compile(r"[/?&=@:,;#]+")
_heard: Final = threading.local()


class Service:
    """`seconds`: the time for one message, to which Apprise's own pause between two messages is added."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = url, seconds
        self._plugin: NotifyBase | None = None
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "notify")
        self._running: asyncio.Future[str | None] | None = None
        self._closed = False

    async def send(self, title: str, body: str) -> Failure | None:
        """What fails here is the address or what is behind it, so the scope is the sink: nothing says it is the event."""
        async with self._turn:
            if self._closed:
                return CLOSED
            if self._running is not None and not self._running.done():
                return Failure("still busy with an earlier message", scope="sink")
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._thread, self._blocking, title, body)
            try:
                async with asyncio.timeout(self._seconds + self._pause):
                    why = await asyncio.shield(self._running)
            except TimeoutError:
                return Failure(f"no answer within {self._seconds:g} s", scope="sink")
        return Failure(readable(why, hide=secrets(self._url)), scope="sink") if why else None

    def close(self) -> None:
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    @property
    def _pause(self) -> float:
        return float(self._plugin.request_rate_per_sec) if self._plugin else 0.0

    def _blocking(self, title: str, body: str) -> str | None:
        """Why the message was not taken, None when it was."""
        _heard.lines = []
        try:
            taken = self._notify(title, body)
        except Exception as error:  # noqa: BLE001 whatever a plugin raises, the message was not taken
            return f"{type(error).__name__}: {error}"
        if taken:
            return None
        return _heard.lines[-1] if _heard.lines else "the message was not taken"

    def _notify(self, title: str, body: str) -> bool:
        from apprise import NotifyFormat  # noqa: PLC0415 an extra

        if self._plugin is None:
            self._plugin = plugin(self._url)
            self._plugin.socket_connect_timeout = self._plugin.socket_read_timeout = self._seconds
        return bool(self._plugin.notify(body=body, title=title, body_format=NotifyFormat.TEXT))


def plugin(url: str) -> NotifyBase:
    """What sends to the address. Raises ValueError when it is none."""
    from apprise import Apprise, AppriseAsset, OverflowMode  # noqa: PLC0415 an extra

    _listen()
    # A service that leads elsewhere could lead into the own network.
    found = Apprise.instantiate(url, asset=AppriseAsset(http_redirects=False))
    if found is None:
        raise ValueError("is not the address of a notification service, such as mailto://… or slack://…")
    if "overflow=" not in url:
        # A long digest becomes several messages; refused as a whole it would stand in the way of all others.
        found.overflow_mode = OverflowMode.SPLIT
    return found


def secrets(url: str) -> frozenset[str]:
    """Every part of an address: with most services host and path are keys."""
    parts = _PARTS.split(url.partition("://")[2])
    return frozenset({url, *parts, *(unquote(part) for part in parts)} - {""})


class _Listener(logging.Handler):
    """Keeps what Apprise says in a thread of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        lines = getattr(_heard, "lines", None)
        if lines is not None:
            lines.append(record.getMessage())


def _listen() -> None:
    log = logging.getLogger("apprise")
    log.propagate = False
    log.setLevel(logging.WARNING)
    if not any(isinstance(handler, _Listener) for handler in log.handlers):
        log.addHandler(_Listener())
    # It tells the path of every request, where a token may be.
    logging.getLogger("urllib3").setLevel(logging.WARNING)

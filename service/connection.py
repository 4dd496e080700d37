"""One connection of the web server, with the limits that uvicorn leaves to a proxy: how long a head is, and how long it takes.

The body has limits of its own, see `webhooks`. A request that asks for another protocol is read as if it had not asked: the parser
would end at its head, and take its body for what the other protocol has to say.
"""

from __future__ import annotations

import asyncio
import sys
from typing import ClassVar

from httptools import HttpRequestParser
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from service.corked import Corked

#: All of a message but its body: the head, what stands around chunks, trailers. Far more than any sender needs.
MOST_BYTES = 65_536
#: What stands around an honest chunk.
_AROUND_CHUNK = 16
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    #: So long after it was opened, or after its last answer, a connection without a whole head has nothing to say.
    head_seconds: ClassVar[float] = 10.0

    _bytes = _body = 0
    _last: object = None
    _since: float | None = None
    #: Where in the data the parser ended, at the head of a request that asks for an upgrade.
    _ended_at: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        HttpToolsProtocol.connection_made(self, transport)
        self.transport = Corked(transport, self.loop)

    def data_received(self, data: bytes) -> None:
        # Not by super(), and no more than this for a request that comes whole: every notification passes here.
        HttpToolsProtocol.data_received(self, data)
        if self._ended_at is not None:
            self._read_plainly(data)
        if self.cycle is None or self.cycle.more_body or "method" not in self.scope:
            self._count(len(data))
        else:
            self._bytes = self._body = 0

    def _should_upgrade(self) -> bool:
        """Asked by uvicorn while a request wants an upgrade. One that wants a tunnel has nothing that could be read here."""
        return self.parser.get_method() != b"CONNECT"

    def handle_websocket_upgrade(self) -> None:
        """Uvicorn has begun nothing for this request, and handles the parser's exception."""
        [self._ended_at] = getattr(sys.exception(), "args", (0,))

    def _read_plainly(self, data: bytes) -> None:
        """Once more from its head on, without the wish, and whatever came behind it."""
        while self._ended_at is not None:
            data, self._ended_at = self._head() + data[self._ended_at :], None
            self.parser = HttpRequestParser(self)
            HttpToolsProtocol.data_received(self, data)

    def _head(self) -> bytes:
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_body(self, body: bytes) -> None:
        self._body += len(body) + _AROUND_CHUNK
        HttpToolsProtocol.on_body(self, body)

    def _count(self, received: int) -> None:
        """What came of a message that is not complete, without its body."""
        self._bytes = max(0, self._bytes + received - self._body)
        self._body = 0
        if self._bytes > MOST_BYTES and not self.transport.is_closing():
            if not self._answering:
                self.transport.write(_TOO_LARGE)
            self.transport.close()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def overdue(self, now: float) -> bool:
        """Whether nothing was asked since the first look after the last answer, `head_seconds` ago. `now`: monotonic."""
        if self._answering:
            self._since = None
        elif self._since is None or self._last is not self.cycle:
            self._since, self._last = now, self.cycle
        return self._since is not None and now - self._since > self.head_seconds

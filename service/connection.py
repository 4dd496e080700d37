"""One connection of the web server, with the limits that uvicorn leaves to a proxy: how long a head is, and how long it takes.

The body has limits of its own, see `webhooks`.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        HttpToolsProtocol.connection_made(self, transport)
        self.transport = Corked(transport, self.loop)

    def data_received(self, data: bytes) -> None:
        # Not by super(), and no more than this for a request that comes whole: every notification passes here.
        HttpToolsProtocol.data_received(self, data)
        if self.cycle is None or self.cycle.more_body or "method" not in self.scope:
            self._count(len(data))
        else:
            self._bytes = self._body = 0

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

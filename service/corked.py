"""A transport that sends the head of an answer together with its body: one system call and one segment instead of two."""

from __future__ import annotations

import asyncio
from typing import Any

_HEAD = b"HTTP/1."


class Corked(asyncio.Transport):
    """What uvicorn uses of a transport. A head waits for what is written next, at most until the loop's next turn.

    So the head of a stream whose first event is hours away leaves at once too. When the client has gone meanwhile nothing is written
    any more: uvloop would raise, out of the loop or in the middle of uvicorn's own goodbye.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._soon = loop.call_soon
        self._head = b""

    def write(self, data: Any) -> None:
        if self._transport.is_closing():
            self._head = b""
        elif self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif data.startswith(_HEAD):
            self._head = data
            self._soon(self._uncork)
        else:
            self._transport.write(data)

    def _uncork(self) -> None:
        head, self._head = self._head, b""
        if head and not self._transport.is_closing():
            self._transport.write(head)

    def close(self) -> None:
        self._uncork()
        self._transport.close()

    def abort(self) -> None:
        self._head = b""
        self._transport.abort()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._uncork()
        self._transport.set_protocol(protocol)

"""The receiving end of a webhook sink, as cheap as Python can make it: it notes when each event came."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec

_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class _Data(msgspec.Struct):
    id: int


class _Event(msgspec.Struct):
    sequence: str
    data: _Data


_ONE = msgspec.json.Decoder(_Event)
_MANY = msgspec.json.Decoder(list[_Event])


class Arrivals:
    """`(resource id, version)` → when it first came; `requests` counts deliveries, `events` what was in them."""

    def __init__(self) -> None:
        self.first: dict[tuple[int, str], float] = {}
        self.requests = 0
        self.events = 0

    def take(self, body: bytes) -> None:
        now = time.perf_counter()
        events = _MANY.decode(body) if body[:1] == b"[" else [_ONE.decode(body)]
        self.requests += 1
        self.events += len(events)
        for event in events:
            self.first.setdefault((event.data.id, event.sequence), now)


class _Connection(asyncio.Protocol):
    def __init__(self, arrivals: Arrivals, seconds: float) -> None:
        self._arrivals = arrivals
        self._seconds = seconds
        self._transport: asyncio.WriteTransport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._rest += data
        while (whole := _request(self._rest)) is not None:
            start, end = whole
            self._arrivals.take(self._rest[start:end])
            self._rest = self._rest[end:]
            self._answer()

    def _answer(self) -> None:
        assert self._transport is not None
        if self._seconds:
            asyncio.get_running_loop().call_later(self._seconds, self._transport.write, _ANSWER)
        else:
            self._transport.write(_ANSWER)


def _request(data: bytes) -> tuple[int, int] | None:
    """Where the body of the first request begins and ends, once it is all there."""
    head = data.find(b"\r\n\r\n")
    if head < 0:
        return None
    at = data[:head].lower().find(b"content-length:") + 15
    length = int(data[at : data.index(b"\r", at)])
    return (head + 4, head + 4 + length) if len(data) >= head + 4 + length else None


@asynccontextmanager
async def sink(port: int, seconds: float = 0.0) -> AsyncIterator[Arrivals]:
    """`seconds`: how long it thinks before it answers."""
    arrivals, loop = Arrivals(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(arrivals, seconds), "127.0.0.1", port)
    try:
        yield arrivals
    finally:
        server.close()

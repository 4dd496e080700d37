"""Load in an open model: a request leaves when it is due, on a connection that is free or a new one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.load import is_complete

Key = tuple[int, str]


@dataclass
class Told:
    """When each request was due, and when its 2xx came (`time.perf_counter`); `refused` had another answer."""

    due: dict[Key, float] = field(default_factory=dict)
    accepted: dict[Key, float] = field(default_factory=dict)
    refused: list[bytes] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        return len(self.accepted) + len(self.refused) == len(self.due)


class OpenLoad:
    """`await open()` first: some connections are there before they are needed."""

    def __init__(self, port: int, told: Told) -> None:
        self._port = port
        self._told = told
        self._free: list[_Connection] = []
        self._all: list[_Connection] = []
        self._opening: set[asyncio.Task[None]] = set()

    async def open(self, connections: int = 32) -> None:
        self._free = [await self._connect() for _ in range(connections)]

    def send(self, key: Key, request: bytes, due: float) -> None:
        self._told.due[key] = due
        while self._free and self._free[-1].is_closing:
            self._free.pop()  # the receiver closes what was idle for some seconds
        if self._free:
            self._free.pop().send(key, request)
        else:
            self._open_for(key, request)

    async def settled(self, seconds: float = 30.0) -> None:
        """All answers are there; raises `TimeoutError`."""
        async with asyncio.timeout(seconds):
            while not self._told.answered:
                await asyncio.sleep(0.005)

    def close(self) -> None:
        for connection in self._all:
            connection.close()

    def _open_for(self, key: Key, request: bytes) -> None:
        task = asyncio.get_running_loop().create_task(self._send_anew(key, request))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _send_anew(self, key: Key, request: bytes) -> None:
        (await self._connect()).send(key, request)

    async def _connect(self) -> _Connection:
        connection = _Connection(self._told, self._free, self._open_for)
        await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", self._port)
        self._all.append(connection)
        return connection


class _Connection(asyncio.Protocol):
    """`again` is called with a request whose connection the receiver closed without a word: it was idle, and the two crossed."""

    def __init__(self, told: Told, free: list[_Connection], again: Callable[[Key, bytes], None]) -> None:
        self._told = told
        self._free = free
        self._again = again
        self._under_way: tuple[Key, bytes] | None = None
        self._rest = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    @property
    def is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def send(self, key: Key, request: bytes) -> None:
        assert self._transport is not None
        self._under_way = key, request
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if self._under_way is None or not is_complete(self._rest):
            return
        if self._rest[9:10] == b"2":
            self._told.accepted[self._under_way[0]] = time.perf_counter()
        else:
            self._told.refused.append(self._rest[9:12])
        self._rest, self._under_way = b"", None
        self._free.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        if self._under_way is not None and not self._rest:
            self._again(*self._under_way)
        self._under_way = None

    def close(self) -> None:
        self._under_way = None
        if self._transport is not None:
            self._transport.close()

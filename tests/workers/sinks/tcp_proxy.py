"""A TCP proxy on a port of its own, so that a test can take a shared server away, bring it back, or let it stall."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any


@dataclass
class _Wire:
    """One connection. `answered`: bytes that came back through it; `dead`: nothing comes through any more."""

    answered: int = 0
    dead: bool = False


@dataclass(frozen=True)
class Weather:
    """How the network is. `seconds`: how long each piece is under way, `per_second`: bytes, 0 for any number.

    `answers`: after so many bytes of answers a connection is dead for ever, and neither side is told; None: never.
    """

    seconds: float = 0.0
    per_second: int = 0
    answers: int | None = None


class TcpProxy:
    """Runs in a thread: everything it does holds while the test's own event loop is busy. All methods block."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._weather = Weather()
        #: How many connections have been made.
        self.connections = 0
        self.port = 0

    def start(self) -> None:
        """On the same port as before, if there was one."""
        self._do(self._start())

    def stop(self) -> None:
        """Nothing listens any more, and what was connected is cut."""
        self._do(self._stop())

    def restart(self) -> None:
        self.stop()
        self.start()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Connections stay, new ones are taken, nothing flows."""
        self._do(self._set(flowing=False))
        try:
            yield
        finally:
            self._do(self._set(flowing=True))

    @contextmanager
    def in_weather(self, weather: Weather) -> Iterator[None]:
        """What was connected before is met by it too; a connection that died of it stays dead."""
        self._do(self._turn(weather))
        try:
            yield
        finally:
            self._do(self._turn(Weather()))

    def close(self) -> None:
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for pipe in self._pipes:
            pipe.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    async def _set(self, *, flowing: bool) -> None:
        if flowing:
            self._flowing.set()
        else:
            self._flowing.clear()

    async def _turn(self, weather: Weather) -> None:
        self._weather = weather

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._pipes.add(task)
        try:
            with suppress(OSError, asyncio.CancelledError):
                there, back = await asyncio.open_connection(*self._target)
                try:
                    await self._both(reader, writer, there, back)
                finally:
                    back.transport.abort()
        finally:
            self._pipes.discard(task)
            writer.transport.abort()

    async def _both(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        wire = _Wire()
        ways = [
            asyncio.ensure_future(self._pipe(wire, reader, back, answers=False)),
            asyncio.ensure_future(self._pipe(wire, there, writer, answers=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pipe(
        self, wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            weather = self._weather
            if weather.seconds or weather.per_second:
                await asyncio.sleep(weather.seconds + len(data) / (weather.per_second or float("inf")))
            writer.write(self._what_arrives(wire, data, answers=answers))
            await writer.drain()
        if answers and wire.dead:
            await asyncio.Event().wait()  # not even the end of the connection comes through

    def _what_arrives(self, wire: _Wire, data: bytes, *, answers: bool) -> bytes:
        """All of it, or its beginning, or nothing."""
        if wire.dead:
            return b""
        most = self._weather.answers
        if answers and most is not None:
            data = data[: max(0, most - wire.answered)]
            wire.answered += len(data)
            wire.dead = wire.answered >= most
        return data

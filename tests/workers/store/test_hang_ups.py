"""A store that hangs up is away, never a defect."""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator

import pytest
import uvloop

from workers.store.connect import UNAVAILABLE, connect

RESET_AT_ONCE = struct.pack("ii", 1, 0)
AT_ONCE, ROUNDS = 25, 8  # about every fourth attempt met the RuntimeError


@pytest.fixture
def hanging_up() -> Iterator[int]:
    """The port of a server that resets every connection as soon as it stands."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join(5)


def test_a_connection_that_breaks_on_uvloop_is_unavailable(hanging_up: int) -> None:
    """uvloop raises RuntimeError ("the handler is closed") where asyncio raises an OSError."""

    async def ask() -> None:
        redis = connect(f"redis://127.0.0.1:{hanging_up}/0")
        with pytest.raises(UNAVAILABLE):
            await redis.ping()
        await redis.aclose()

    async def ask_often() -> None:
        for _ in range(ROUNDS):
            await asyncio.gather(*(ask() for _ in range(AT_ONCE)))

    uvloop.run(ask_often())

"""HTTP by hand on a socket, for requests that no client would send."""

from __future__ import annotations

import asyncio
import contextlib

from tests.service.rig import PATH


def head(*lines: str, path: str = PATH) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "host: receiver", *lines, "", ""]).encode()


async def answer(port: int, *pieces: bytes, pause: float = 0.0, seconds: float = 10.0) -> bytes:
    """Everything the server says until it closes the connection, while the pieces are sent one after the other."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    said = bytearray()

    async def listen() -> None:
        with contextlib.suppress(ConnectionError):
            while part := await reader.read(65536):
                said.extend(part)

    try:
        async with asyncio.timeout(seconds):
            listening = asyncio.create_task(listen())
            with contextlib.suppress(ConnectionError):
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(pause)
            await listening
            return bytes(said)
    finally:
        writer.close()

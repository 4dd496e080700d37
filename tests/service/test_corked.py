"""Head and body of an answer in one write; nothing waits longer than a turn of the loop, and nothing changes its place."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import cast

import pytest
import uvloop

from service.corked import Corked

HEAD = b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n"


class Written(asyncio.Transport):
    """Keeps what was written, and the end."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[bytes] = []
        self.end = ""

    def write(self, data: bytes) -> None:
        self.pieces.append(bytes(data))

    def close(self) -> None:
        self.end = "closed"

    def abort(self) -> None:
        self.end = "aborted"

    def is_closing(self) -> bool:
        return bool(self.end)


def corked() -> tuple[Corked, Written]:
    written = Written()
    return Corked(written, asyncio.get_running_loop()), written


async def test_a_head_and_its_body_are_one_write():
    transport, written = corked()
    transport.write(HEAD)
    transport.write(b"{}")
    assert written.pieces == [HEAD + b"{}"]
    await asyncio.sleep(0)
    assert written.pieces == [HEAD + b"{}"]


async def test_the_head_of_a_stream_leaves_at_once():
    transport, written = corked()
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert written.pieces == [HEAD]
    transport.write(b"data: 1\n\n")
    assert written.pieces == [HEAD, b"data: 1\n\n"]


async def test_answers_in_a_row_keep_their_order():
    transport, written = corked()
    for _ in range(3):
        transport.write(HEAD)
        transport.write(b"{}")
    transport.write(HEAD)
    transport.write(HEAD)
    await asyncio.sleep(0)
    assert b"".join(written.pieces) == (HEAD + b"{}") * 3 + HEAD * 2


async def test_a_head_that_waits_is_sent_before_the_end_and_not_after_an_abort():
    transport, written = corked()
    transport.write(HEAD)
    transport.close()
    assert (written.pieces, written.end, transport.is_closing()) == ([HEAD], "closed", True)
    transport, written = corked()
    transport.write(HEAD)
    transport.abort()
    await asyncio.sleep(0)
    assert (written.pieces, written.end) == ([], "aborted")


async def test_an_empty_piece_lets_the_head_go():
    transport, written = corked()
    transport.write(HEAD)
    transport.write(b"")
    assert written.pieces == [HEAD]


class Gone(Written):
    """As uvloop has it: whoever writes to a connection that is no more gets an error."""

    def write(self, data: bytes) -> None:
        if self.end:
            raise RuntimeError("the handler is closed")
        super().write(data)


@pytest.mark.parametrize("gone_before", ["the body", "the turn is over", "the goodbye", "another head"])
async def test_a_client_that_goes_between_head_and_body_harms_nobody(gone_before: str) -> None:
    written, failed = Gone(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    transport = Corked(written, asyncio.get_running_loop())
    transport.write(HEAD)
    written.end = "lost"
    if gone_before == "the body":
        transport.write(b"{}")
    elif gone_before == "the goodbye":
        transport.close()
    elif gone_before == "another head":
        transport.write(HEAD)
    await asyncio.sleep(0)
    assert (written.pieces, failed) == ([], [])


@pytest.mark.parametrize("loops", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_real_connection_may_be_lost_with_a_head_in_hand(
    loops: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    with asyncio.Runner(loop_factory=loops) as runner:
        failed, said = runner.run(_lost_in_the_middle())
    assert failed == []
    assert said == HEAD + b"{}"


async def _lost_in_the_middle() -> tuple[list[object], bytes]:
    """One connection ends with a head in hand, the next one with all of an answer."""
    loop, failed = asyncio.get_running_loop(), []
    loop.set_exception_handler(lambda _, context: failed.append(context))
    lose, over = iter([True, False]), asyncio.Event()

    class Server(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.raw = cast("asyncio.Transport", transport)
            self.corked = Corked(self.raw, loop)

        def data_received(self, _: bytes) -> None:
            self.corked.write(HEAD)
            if next(lose):
                self.raw.abort()
                loop.call_later(0.01, self.corked.write, b"{}")
                loop.call_later(0.02, over.set)
            else:
                self.corked.write(b"{}")
            self.corked.close()

    server = await loop.create_server(Server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"?")
        said = b""
        with contextlib.suppress(ConnectionError):
            said = await reader.read()
        writer.close()
    await over.wait()
    server.close()
    return failed, said

"""Head and body of an answer in one write; nothing waits longer than a turn of the loop, and nothing changes its place."""

from __future__ import annotations

import asyncio

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

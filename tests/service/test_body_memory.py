"""All bodies that are under way share one room: senders of large ones wait, small notifications pass, memory stays as it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from service.room import SMALL_BYTES, Room
from tests.service.processes import OwnRedis, Process, running, serve_process
from tests.service.rig import Client, change, encoded, settings, signature
from tests.service.wire import answer, head

MEGABYTE = 1024 * 1024
#: Of bodies. Buffers of the web server and of the allocator come on top, so memory is held against four times as much.
ROOM = 8 * MEGABYTE
Writers = list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    yield from running(tmp_path_factory.mktemp("store"))


@pytest.fixture
def server(store: OwnRedis, tmp_path: Path) -> Iterator[Process]:
    limits = {"max_body_bytes": MEGABYTE, "max_bodies_bytes": ROOM}
    yield from serve_process(tmp_path, settings(store.url, server=limits))


@pytest.fixture
async def client(server: Process) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        yield Client(http)


def resident(pid: int) -> int:
    """Bytes of memory that a process has at the moment."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@contextlib.asynccontextmanager
async def stalled(port: int, count: int, *lines: str, piece: bytes) -> AsyncIterator[Writers]:
    """So many senders that send a part of a body and then nothing more."""
    opened: Writers = []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            opened.append((reader, writer))
            with contextlib.suppress(ConnectionError):
                writer.write(head(*lines) + piece)
                await asyncio.wait_for(writer.drain(), 5)
        await asyncio.sleep(0.3)
        yield opened
    finally:
        for _, writer in opened:
            writer.close()


def large(size: int = 900_000) -> bytes:
    return encoded([change(n, comments="x" * 1000) for n in range(size // 1100)])


def by_hand(body: bytes) -> bytes:
    return head(
        f"content-length: {len(body)}", f"x-protime-signature: {signature(body)}", "connection: close"
    )


PIECES = {
    "announced": (("content-length: 1000000",), b"x" * 900_000),
    "in chunks": (("transfer-encoding: chunked",), b"10000\r\n%s\r\n" % (b"x" * 65536) * 14),
}


@pytest.mark.parametrize("kind", PIECES)
async def test_many_slow_senders_of_large_bodies_take_no_more_than_the_room(
    server: Process, client: Client, kind: str
) -> None:
    lines, piece = PIECES[kind]
    assert (await client.post(large())).status_code == 202
    before = resident(server.pid)
    async with stalled(server.port, 120, *lines, piece=piece):
        assert resident(server.pid) - before < 4 * ROOM
        small = encoded(change(1))
        for _ in range(20):
            # Its body comes after its head, as with many clients.
            began = time.monotonic()
            said = await answer(server.port, by_hand(small), small, pause=0.01)
            assert said.startswith(b"HTTP/1.1 202 ")
            assert time.monotonic() - began < 1
        began = time.monotonic()
        said = await answer(server.port, by_hand(large()))
        assert said.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 5" in said
        assert said.endswith(b'{"error":"too many bodies are under way, try again"}')
        assert time.monotonic() - began < 3
    await asyncio.sleep(0.3)
    assert (await client.post(large())).status_code == 202
    assert "Traceback" not in server.log()


async def test_many_slow_senders_of_small_bodies_take_no_more_than_the_room(
    server: Process, client: Client
) -> None:
    before = resident(server.pid)
    piece = b"x" * (SMALL_BYTES - 2000)
    async with stalled(server.port, 700, f"content-length: {SMALL_BYTES - 1000}", piece=piece) as senders:
        assert resident(server.pid) - before < 4 * ROOM
        said = await asyncio.wait_for(senders[-1][0].read(100), 2)
        assert said.startswith(b"HTTP/1.1 503 ")
    await asyncio.sleep(0.3)
    assert (await client.post(large())).status_code == 202


async def test_what_is_announced_and_not_sent_takes_no_room(server: Process, client: Client) -> None:
    async with stalled(server.port, 100, "content-length: 1000000", piece=b"{"):
        assert (await client.post(large())).status_code == 202


async def test_many_large_bodies_of_honest_senders_are_all_accepted_in_the_end(
    server: Process, client: Client
) -> None:
    async def until_accepted() -> None:
        while (answered := await client.post(large())).status_code != 202:
            assert (answered.status_code, answered.headers["retry-after"]) == (503, "5")
            await asyncio.sleep(0.2)

    async with asyncio.timeout(30):
        await asyncio.gather(*(until_accepted() for _ in range(30)))


def test_the_last_quarter_of_the_room_is_for_small_bodies() -> None:
    room = Room(1_000_000)
    assert room.take(750_000, 750_000)
    assert not room.take(SMALL_BYTES + 1, 1)
    assert room.take(SMALL_BYTES, 250_000)
    assert not room.take(1, 1)
    room.give_back(1_000_000)
    assert (room.taken, room.take(1, 1)) == (0, True)

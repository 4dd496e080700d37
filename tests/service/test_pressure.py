"""The receiver keeps answering valid notifications under what thousands of connections can do to it, and recovers."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.server import allow_many_connections
from tests.service.processes import Process, running, serve_process
from tests.service.rig import PATH, Client, change, settings
from tests.service.wire import head

pytestmark = pytest.mark.alone

LINE = b"x-filler: " + b"a" * 90 + b"\r\n"
#: More are opened at once than the system queues for a server: the rest would be tried again after a second.
AT_ONCE = 500
VALID = 60

Writer = asyncio.StreamWriter


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many_connections()  # here too: each connection has two ends
    for store in running(tmp_path_factory.mktemp("store")):
        yield from serve_process(tmp_path_factory.mktemp("server"), settings(store.url))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def room() -> int:
    """As many connections as the system gives, with some left for everything else; five thousand are enough."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 5_000 if most == resource.RLIM_INFINITY else min(5_000, most - 500)


@asynccontextmanager
async def connected(port: int, count: int) -> AsyncIterator[list[Writer]]:
    writers: list[Writer] = []
    try:
        while len(writers) < count:
            some = min(AT_ONCE, count - len(writers))
            opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", port) for _ in range(some)))
            writers += [writer for _, writer in opened]
        yield writers
    finally:
        for writer in writers:
            writer.transport.abort()


def held(server: Process) -> int:
    """Files and connections that the process has open."""
    return sum(1 for _ in Path(f"/proc/{server.pid}/fd").iterdir())


async def idle(_: Writer) -> None:
    """Connected, and nothing more."""


async def slow_head(writer: Writer) -> None:
    writer.write(f"POST {PATH} HTTP/1.1\r\n".encode())
    await dripping(writer, b"x-a: b\r\n")


async def slow_body(writer: Writer) -> None:
    writer.write(head("content-length: 60000"))
    await dripping(writer, b" ")


async def header_flood(writer: Writer) -> None:
    writer.write(f"POST {PATH} HTTP/1.1\r\n".encode())
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(LINE * 100)
            await writer.drain()
            await asyncio.sleep(0.05)


async def dripping(writer: Writer, drop: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(1)


async def seconds_to_accept(http: httpx.AsyncClient, number: int) -> float:
    started = time.perf_counter()
    assert (await Client(http).post(change(number))).status_code == 202
    return time.perf_counter() - started


@pytest.mark.parametrize(
    ("doing", "count"),
    [(idle, room()), (slow_head, 1000), (slow_body, 1000), (header_flood, 100)],
    ids=["idle", "slow heads", "slow bodies", "header floods"],
)
async def test_valid_notifications_are_answered_all_the_while(
    server: Process, doing: Callable[[Writer], Awaitable[None]], count: int
) -> None:
    before = held(server)
    async with connected(server.port, count) as writers:
        busy = [asyncio.ensure_future(doing(writer)) for writer in writers]
        async with httpx.AsyncClient(base_url=server.url, timeout=10) as http:
            together = held(server)
            took = [await seconds_to_accept(http, number) for number in range(VALID)]
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)
    assert sorted(took)[VALID * 9 // 10] < 1.0
    if doing is idle:
        assert together - before >= min(2000, 0.9 * count)
    await let_go(server, before)
    assert "Traceback" not in server.log()


async def taken(server: Process, count: int) -> None:
    """Until the process holds so many: the kernel takes connections before the process does."""
    async with asyncio.timeout(8):
        while held(server) < count:  # noqa: ASYNC110  # the kernel offers no event
            await asyncio.sleep(0.05)


async def let_go(server: Process, before: int) -> None:
    """Until the process holds no more than before: nothing is left behind for who went away."""
    async with asyncio.timeout(15):
        while held(server) > before + 5:  # noqa: ASYNC110  # the kernel offers no event
            await asyncio.sleep(0.1)


async def test_idle_connections_are_closed_by_the_server_and_cost_little(server: Process) -> None:
    count = min(2500, room())
    before, memory = held(server), rss(server)
    async with connected(server.port, count):
        await taken(server, before + int(0.9 * count))
        assert (rss(server) - memory) / count < 20_000
        await let_go(server, before)


def rss(server: Process) -> int:
    """Bytes that the process holds in memory."""
    pages = int(Path(f"/proc/{server.pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()

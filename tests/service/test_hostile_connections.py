"""Many who connect and say nothing, little, or too much: valid notifications are answered all the time."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn

from service.connection import MOST_BYTES, Connection
from service.main import build
from service.server import Server, allow_many_connections
from tests.service.processes import OwnRedis, Process, running, serve_process
from tests.service.rig import PATH, Client, change, config, encoded, settings, signature
from tests.service.wire import answer, head

MANY = 300
LINE = b"x-filler: " + b"a" * 90 + b"\r\n"


class Impatient(Connection):
    head_seconds = 0.5


class Patient(Connection):
    head_seconds = 1.2


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    yield from running(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def server(store: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    yield from serve_process(tmp_path_factory.mktemp("server"), settings(store.url))


@asynccontextmanager
async def impatient(url: str, connection: type[Connection] = Impatient) -> AsyncIterator[tuple[Server, int]]:
    """A receiver that waits less long for a head than the real one, and its port."""
    app = build(config(settings(url)), url)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        serving = Server(uvicorn.Config(app, http=connection, log_config=None, access_log=False))
        task = asyncio.create_task(serving.serve(sockets=[listener]))
        while not serving.started:  # noqa: ASYNC110  # uvicorn offers no event
            await asyncio.sleep(0.01)
        yield serving, listener.getsockname()[1]
        serving.should_exit = True
        await task


def memory(pid: int) -> int:
    """Bytes that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * resource.getpagesize()


async def seconds_to_accept(http: httpx.AsyncClient, number: int) -> float:
    started = time.perf_counter()
    assert (await Client(http).post(change(number))).status_code == 202
    return time.perf_counter() - started


async def drip(writer: asyncio.StreamWriter) -> None:
    """A head that never ends, a little at a time."""
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"x-a: b\r\n")
            await writer.drain()
            await asyncio.sleep(0.2)


@pytest.mark.alone
async def test_silent_and_slow_senders_do_not_hold_up_valid_ones(server: Process) -> None:
    opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", server.port) for _ in range(MANY)))
    writers = [writer for _, writer in opened]
    for writer in writers[::3]:
        writer.write(f"POST {PATH} HTTP/1.1\r\n".encode())
    for writer in writers[1::3]:
        writer.write(head("content-length: 100") + b"{")
    dripping = [asyncio.create_task(drip(writer)) for writer in writers[::3]]
    async with httpx.AsyncClient(base_url=server.url, timeout=5) as http:
        took = [await seconds_to_accept(http, number) for number in range(100)]
    for task in dripping:
        task.cancel()
    for writer in writers:
        writer.close()
    assert sorted(took)[98] < 0.5
    assert "Traceback" not in server.log()


FLOODS = {
    "a header without end": (b"x-a: ", b"a" * 65536),
    "headers without end": (b"", LINE * 600),
    "trailers without end": (b"transfer-encoding: chunked\r\n\r\n0\r\n", LINE * 600),
    "a chunk's extension without end": (b"transfer-encoding: chunked\r\n\r\n1;", b"a" * 65536),
}


@pytest.mark.parametrize("path", [PATH, "/nothing"])
@pytest.mark.parametrize("flood", FLOODS)
async def test_what_is_no_body_is_cut_off_before_it_fills_the_memory(
    server: Process, path: str, flood: str
) -> None:
    first, more = FLOODS[flood]
    before = memory(server.pid)
    await answer(server.port, f"POST {path} HTTP/1.1\r\n".encode() + first, *[more] * 200)
    assert memory(server.pid) - before < 8 * 1024 * 1024
    async with httpx.AsyncClient(base_url=server.url, timeout=5) as http:
        await seconds_to_accept(http, 1)


@pytest.mark.parametrize("before", [b"", head("content-length: 2") + b"{}"], ids=["first", "second"])
async def test_431_for_a_head_that_is_too_large(server: Process, before: bytes) -> None:
    lines = LINE * (MOST_BYTES // len(LINE) + 1)
    said = await answer(server.port, before, f"POST {PATH} HTTP/1.1\r\n".encode(), lines, pause=0.1)
    assert b"HTTP/1.1 431 " in said


async def test_a_large_body_in_tiny_chunks_is_accepted(server: Process) -> None:
    body = encoded(change(1, comments="x" * 30_000))
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    lines = (f"x-protime-signature: {signature(body)}", "transfer-encoding: chunked", "connection: close")
    assert len(chunks) > 2 * MOST_BYTES
    assert (await answer(server.port, head(*lines) + chunks)).startswith(b"HTTP/1.1 202 ")


async def test_many_requests_on_one_connection_do_not_add_up(server: Process) -> None:
    body = encoded(change(1))
    lines = [f"content-length: {len(body)}", f"x-protime-signature: {signature(body)}", "x-a: " + "a" * 1000]
    halves = [head(*lines), body] * 100
    said = await answer(server.port, *halves, head(*lines, "connection: close") + body, pause=0.005)
    assert said.count(b"HTTP/1.1 202 ") == 101


@pytest.mark.parametrize("said", [b"", b"POST /webhooks", head("content-length: 2") + b"{}" + b"POST / HT"])
async def test_a_connection_without_a_whole_head_is_closed_after_a_while(
    store: OwnRedis, said: bytes
) -> None:
    async with impatient(store.url) as (serving, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        dripping = asyncio.create_task(drip(writer)) if said.startswith(b"POST /w") else None
        writer.write(said)
        async with asyncio.timeout(4):
            with contextlib.suppress(ConnectionError):
                while await reader.read(1000):
                    pass
            while serving.server_state.connections:  # noqa: ASYNC110  # uvicorn offers no event
                await asyncio.sleep(0.01)
        writer.close()
        if dripping is not None:
            await dripping


async def test_a_request_that_takes_longer_than_a_head_may_is_answered(store: OwnRedis) -> None:
    body = encoded(change(1))
    lines = (f"content-length: {len(body)}", f"x-protime-signature: {signature(body)}", "connection: close")
    async with impatient(store.url, Patient) as (_, port):
        said = await answer(port, b"", head(*lines), body[:1], body[1:], pause=1.05)
    assert said.startswith(b"HTTP/1.1 202 ")


async def test_a_connection_in_use_is_kept(store: OwnRedis) -> None:
    async with (
        impatient(store.url) as (serving, port),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http,
    ):
        for number in range(16):
            await seconds_to_accept(http, number)
            await asyncio.sleep(0.15)
            assert len(serving.server_state.connections) == 1


def test_as_many_connections_are_allowed_as_the_system_gives() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before[0] // 2, before[1]))
        allow_many_connections()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (before[1], before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)

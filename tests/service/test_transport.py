"""The receiver as a process behind a real socket: endless bodies, silent senders, garbage, and an orderly end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.processes import OwnRedis, Process, running, serve_process
from tests.service.rig import (
    KEY,
    PATH,
    SECRETS,
    Client,
    change,
    encoded,
    settings,
    signature,
    stored,
)
from tests.service.wire import answer, head
from workers.store.connect import connect

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
    yield from running(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def server(store: OwnRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    data = settings(store.url, server={"max_body_bytes": MEGABYTE})
    yield from serve_process(tmp_path_factory.mktemp("server"), data)


@pytest.fixture
async def client(server: Process) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        yield Client(http)


def peak_memory(pid: int) -> int:
    """Bytes of memory that a process ever had at once."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


async def test_ten_megabytes_of_unknown_length_are_refused_and_never_held(
    server: Process, client: Client
) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    assert (await client.post(change(1))).status_code == 202
    before = peak_memory(server.pid)
    told = await asyncio.gather(
        *(answer(server.port, head("transfer-encoding: chunked"), *[chunk] * 160) for _ in range(4))
    )
    assert [said[:13] for said in told] == [b"HTTP/1.1 413 "] * 4
    assert peak_memory(server.pid) - before < 4 * 3 * MEGABYTE
    assert (await client.post(change(2))).status_code == 202


async def test_a_length_over_the_limit_is_refused_at_once_and_the_connection_closed(
    server: Process, client: Client
) -> None:
    said = await answer(server.port, head("content-length: 10485760"))
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in said
    assert said.endswith(b'{"error":"the body is larger than 1048576 bytes"}')
    assert (await client.post(change(1))).status_code == 202


async def test_garbage_on_the_socket_harms_only_itself(server: Process, client: Client) -> None:
    good = asyncio.gather(*(client.post(change(n)) for n in range(20)))
    bad = [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"\x00" * 1000,
        head("content-length: -1"),
        head("content-length: 9" * 1),
    ]
    bad.append(head("content-length: " + "9" * 5000))
    bad.append(head("transfer-encoding: chunked") + b"zz\r\n")
    for piece in bad:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(piece)
        await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await reader.read(100)
    assert {r.status_code for r in await good} == {202}
    assert "Traceback" not in server.log()


async def test_a_sender_that_goes_away_in_the_middle_leaves_nothing_behind(
    server: Process, client: Client, store: OwnRedis
) -> None:
    body = encoded(change(424242))
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(head(f"content-length: {len(body)}", f"x-protime-signature: {signature(body)}") + body[:-1])
    await writer.drain()
    writer.close()
    assert (await client.post(change(1))).status_code == 202
    async with connect(store.url) as redis:
        assert "assignments/424242" not in await stored(redis)
    assert "Traceback" not in server.log()


async def test_requests_on_one_connection_are_answered_in_order(server: Process) -> None:
    bodies = [encoded([change(n)] * n) for n in (1, 2, 3)]
    requests = b"".join(
        head(
            f"content-length: {len(b)}",
            f"x-protime-signature: {signature(b)}",
            *(["connection: close"] if b is bodies[-1] else []),
        )
        + b
        for b in bodies
    )
    said = await answer(server.port, requests)
    assert [said.index(b'{"accepted":%d}' % n) for n in (1, 2, 3)] == sorted(
        said.index(b'{"accepted":%d}' % n) for n in (1, 2, 3)
    )


async def test_a_sender_that_waits_for_100_continue_is_told_to_go_on(server: Process) -> None:
    body = encoded(change(5))
    lines = (
        f"content-length: {len(body)}",
        f"x-protime-signature: {signature(body)}",
        "expect: 100-continue",
        "connection: close",
    )
    said = await answer(server.port, head(*lines), body, pause=0.1)
    assert said.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 202 Accepted")


async def test_the_log_of_the_process_holds_no_secret(server: Process, client: Client) -> None:
    for path in (PATH, PATH + "x"):
        for key in (KEY, "another key"):
            await client.post(change(1), path, key)
    await client.post(b"no notification")
    assert '"event": "bad signature"' in server.log()
    assert not [secret for secret in SECRETS if secret in server.log()]


async def test_what_is_under_way_at_the_end_is_answered(tmp_path: Path, own_redis: OwnRedis) -> None:
    (tmp_path / "serve").mkdir()
    for server in serve_process(tmp_path / "serve", settings(own_redis.url)):
        async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
            assert (await Client(http).post(change(1))).status_code == 202
            own_redis.signal(signal.SIGSTOP)
            late = asyncio.create_task(Client(http).post(change(2)))
            await asyncio.sleep(0.2)
            assert server.process is not None
            server.process.terminate()
            await asyncio.sleep(0.2)
            own_redis.signal(signal.SIGCONT)
            assert (await late).status_code == 202
            assert await asyncio.to_thread(server.process.wait, 10) == 0

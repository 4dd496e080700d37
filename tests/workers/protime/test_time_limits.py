"""Answers that come drop by drop: every request ends, whoever carries it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.workers.protime.fakes import AGENT, Tokens
from workers.protime import ClientCredentials, Protime, ProtimeError, Transient, Unconfirmed

CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
PAUSE, LIMIT = 0.05, 0.2


@asynccontextmanager
async def dripping(drops: int) -> AsyncIterator[str]:
    """A server that says a byte of its body now and then, never longer apart than a client allows."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            body = b'{"value":[]}'.ljust(drops)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
            for byte in body:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(PAUSE)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()


@asynccontextmanager
async def client(url: str, carrier: str) -> AsyncIterator[Protime]:
    http = httpx.AsyncClient() if carrier == "given" else None
    async with Protime(url, "acme", AGENT, Tokens(), http=http, timeout=LIMIT) as protime:
        yield protime
    if http is not None:
        await http.aclose()


async def read(protime: Protime) -> None:
    _ = [page async for page in protime.list("people")]


@pytest.mark.parametrize("carrier", ["own", "given"])
@pytest.mark.parametrize(
    ("what", "error", "most"),
    [
        ("list", Transient, 11 * LIMIT),
        ("single", Transient, 2 * LIMIT),
        ("create", Unconfirmed, 2 * LIMIT),
        ("delete", Transient, 2 * LIMIT),
    ],
)
async def test_a_body_that_drips_ends(
    carrier: str, what: str, error: type[ProtimeError], most: float
) -> None:
    async with dripping(1_000_000) as url, client(url, carrier) as protime:
        asking = {
            "list": lambda: read(protime),
            "single": lambda: protime.get("people", 1),
            "create": lambda: protime.create_clocking(CLOCKING),
            "delete": lambda: protime.delete_assignment(1),
        }[what]
        began = time.monotonic()
        with pytest.raises(error, match="not complete after"):
            await asking()
        assert most - 0.05 <= time.monotonic() - began < most + 2


@pytest.mark.parametrize("carrier", ["own", "given"])
async def test_a_long_list_may_take_longer_than_a_pause_in_it(carrier: str) -> None:
    async with dripping(12) as url, client(url, carrier) as protime:
        began = time.monotonic()
        await read(protime)
        assert time.monotonic() - began > 2 * LIMIT


async def test_a_token_that_drips_is_given_up() -> None:
    async with dripping(1_000_000) as url:
        tokens = ClientCredentials(url, "acme", "id", "secret", ["x.read"], user_agent=AGENT, timeout=LIMIT)
        began = time.monotonic()
        with pytest.raises(Transient, match="no answer"):
            await tokens.token()
        assert time.monotonic() - began < LIMIT + 2
        await tokens.close()

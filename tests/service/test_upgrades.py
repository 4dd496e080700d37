"""A client that asks for another protocol gets plain HTTP, on a connection that goes on as before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.processes import Process, running, serve_process
from tests.service.rig import change, encoded, settings, signature
from tests.service.wire import answer, head

WEBSOCKET = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ=="
H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__"
LAST = b"GET /livez HTTP/1.1\r\nhost: receiver\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    for store in running(tmp_path_factory.mktemp("store")):
        yield from serve_process(tmp_path_factory.mktemp("server"), settings(store.url))


@pytest.mark.parametrize("pause", [0.0, 0.05])
@pytest.mark.parametrize("asks", [WEBSOCKET, H2C])
async def test_a_request_for_an_upgrade_is_answered_as_if_it_had_not_asked(
    server: Process, asks: str, pause: float
) -> None:
    get = f"GET /livez HTTP/1.1\r\nhost: receiver\r\n{asks}\r\n\r\n".encode()
    said = await answer(server.port, get, get, LAST, pause=pause)
    assert said.count(b"HTTP/1.1 200 OK") == 3
    assert said.count(b"ok\n") == 3
    assert "WebSocket library" not in server.log()


@pytest.mark.parametrize("pause", [0.0, 0.05])
@pytest.mark.parametrize("asks", [WEBSOCKET, H2C])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_notification_that_asks_for_an_upgrade_is_accepted_and_so_is_the_next(
    server: Process, asks: str, pause: float, chunked: bool
) -> None:
    body = encoded(change(7))
    length = "transfer-encoding: chunked" if chunked else f"content-length: {len(body)}"
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    request = head(length, f"x-protime-signature: {signature(body)}", *asks.split("\r\n")) + sent
    said = await answer(server.port, request, request, LAST, pause=pause)
    assert said.count(b"HTTP/1.1 202 Accepted") == 2
    assert said.count(b'{"accepted":1}') == 2
    assert said.count(b"HTTP/1.1 200 OK") == 1


@pytest.mark.parametrize(
    "first",
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"CONNECT receiver:443 HTTP/1.1\r\nhost: receiver\r\n\r\n\x16\x03"],
)
async def test_what_is_no_request_for_this_server_is_refused_and_the_connection_closed(
    server: Process, first: bytes
) -> None:
    said = await answer(server.port, first, LAST, pause=0.05)
    assert said.startswith((b"HTTP/1.1 4", b"HTTP/1.1 5"))
    assert b"HTTP/1.1 200" not in said
    assert "Traceback" not in server.log()


async def test_a_great_many_wishes_in_one_piece_are_answered_one_by_one(server: Process) -> None:
    get = b"GET /livez HTTP/1.1\r\nhost: r\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
    said = await answer(server.port, get * 700 + LAST, seconds=20)
    assert said.count(b"HTTP/1.1 200 OK") == 701
    assert "Traceback" not in server.log()


async def test_a_head_that_comes_byte_by_byte_and_asks_for_an_upgrade_is_answered(server: Process) -> None:
    get = f"GET /livez HTTP/1.1\r\nhost: receiver\r\n{H2C}\r\n\r\n".encode()
    said = await answer(server.port, *(bytes([byte]) for byte in get), LAST)
    assert said.count(b"HTTP/1.1 200 OK") == 2

"""HTTP to the outside, against servers that say and do what a test tells them byte by byte."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from yarl import URL

from workers.outbound import Outbound, environment_proxy

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET = "s3cret"


@dataclass
class Server:
    """Answers each request with `says`; b"" says nothing. With `hangs_up` it closes behind its answer."""

    says: bytes = OK
    hangs_up: bool = False
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    url: str = ""
    origin: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                writer.write(self.says)
                if self.hangs_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server.origin = f"http://127.0.0.1:{port}"
    server.url = f"{server.origin}/in?token={SECRET}"
    try:
        yield server
    finally:
        listening.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with running(Server()) as made:
        yield made


@pytest.fixture
async def outbound() -> AsyncIterator[Outbound]:
    made = Outbound(tls=httpx.create_ssl_context(), most=4, keep_seconds=5)
    yield made
    await made.close()


async def ask(outbound: Outbound, url: str, method: str = "GET") -> tuple[int, Mapping[str, str], bytes]:
    return await outbound.exchange(method, url, {"X-Ours": "1"}, None, connect=0.3, read=0.3)


async def failure(outbound: Outbound, url: str, method: str = "GET") -> httpx.TransportError:
    with pytest.raises(httpx.TransportError) as caught:
        await ask(outbound, url, method)
    error = caught.value
    assert SECRET not in str(error)
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error


async def test_the_target_goes_out_as_it_was_encoded_with_no_header_but_ours(
    server: Server, outbound: Outbound
) -> None:
    target = "/a%2Fb/c;d?filter=date%20ge%20'2026-01-01'&x=%2B+(1,2)&y=%C3%A9&empty="
    status, given, content = await ask(outbound, server.origin + target)
    assert (status, content, given["content-LENGTH"]) == (200, b"ok", "2")
    line, *headers = server.requests[0].decode().strip().split("\r\n")
    assert line == f"GET {target} HTTP/1.1"
    assert sorted(header.partition(":")[0] for header in headers) == ["Host", "X-Ours"]


async def test_connections_are_used_again(server: Server, outbound: Outbound) -> None:
    for _ in range(5):
        await ask(outbound, server.url)
    assert (len(server.requests), server.connections) == (5, 1)


async def test_cookies_are_forgotten_and_redirects_not_followed(server: Server, outbound: Outbound) -> None:
    server.says = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: /in\r\nContent-Length: 0\r\n\r\n"
    for _ in range(2):
        assert (await ask(outbound, server.url))[0] == 302
    assert len(server.requests) == 2
    assert b"ookie" not in server.requests[1]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("used_before", [False, True])
async def test_no_request_is_sent_again_by_itself(
    server: Server, outbound: Outbound, method: str, used_before: bool
) -> None:
    if used_before:
        await ask(outbound, server.url)
    server.says, server.hangs_up = b"", True
    error = await failure(outbound, server.url, method)
    assert isinstance(error, httpx.RemoteProtocolError)
    assert len(server.requests) == 1 + used_before


async def test_what_was_never_sent_is_told_from_what_may_have_arrived(
    server: Server, outbound: Outbound
) -> None:
    closed = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    refused = await failure(outbound, f"http://127.0.0.1:{port}/?token={SECRET}")
    assert isinstance(refused, httpx.ConnectError)
    server.says = b""
    assert isinstance(await failure(outbound, server.url), httpx.ReadTimeout)
    # A TLS handshake that nobody answers is no connection yet.
    encrypted = await failure(outbound, server.url.replace("http:", "https:"))
    assert isinstance(encrypted, httpx.ConnectTimeout | httpx.ConnectError)


@pytest.mark.parametrize("url", [f"ftp://127.0.0.1/in?token={SECRET}", f"http:///in?token={SECRET}"])
async def test_what_is_no_address_is_told_without_it(outbound: Outbound, url: str) -> None:
    assert isinstance(await failure(outbound, url), httpx.UnsupportedProtocol)


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_an_answer_that_is_none_is_an_error_of_the_exchange(
    server: Server, outbound: Outbound, says: bytes
) -> None:
    server.says, server.hangs_up = says, True
    assert isinstance(await failure(outbound, server.url), httpx.RemoteProtocolError)


async def test_packed_answers_are_unpacked(server: Server, outbound: Outbound) -> None:
    packed = gzip.compress(b"[1,2]" * 100)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    server.says = head + packed
    assert (await ask(outbound, server.url))[2] == b"[1,2]" * 100


async def test_the_proxies_of_the_environment_are_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("http_proxy", server.origin.replace("//", "//me:pass@"))
    proxied = Outbound(
        tls=httpx.create_ssl_context(),
        most=4,
        keep_seconds=5,
        proxy=environment_proxy("http://protime.invalid"),
    )
    try:
        await ask(proxied, "http://protime.invalid/api?x=1")
    finally:
        await proxied.close()
    assert server.requests[0].startswith(b"GET http://protime.invalid/api?x=1 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic bWU6cGFzcw==" in server.requests[0]


def test_a_host_without_a_proxy_is_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "localhost,.inside")
    assert str(environment_proxy("https://acme.myprotime.eu")) == "http://proxy:3128"
    assert environment_proxy("https://protime.inside") is None
    assert environment_proxy("http://acme.myprotime.eu") is None


async def test_a_connection_whose_answer_was_not_read_is_not_used_again(
    server: Server, outbound: Outbound
) -> None:
    server.says = b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + b"x" * 100_000
    for _ in range(2):
        answered = await outbound.post(URL(server.url), {}, b"")
        until = asyncio.get_running_loop().time() + 5
        assert await answered.beginning(1000, until) == b"x" * 1000
    assert server.connections == 2

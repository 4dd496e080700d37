"""What stands before a sink or before Protime and misbehaves: raw bytes over TCP, whole again at a word."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

from tests.e2e.subscriber import Subscriber

END = b"\r\n\r\n"


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


#: Lets a request reach what is behind the front; returns the whole answer, head and body.
PassOn = Callable[[Request], bytes]


@dataclass
class Exchange:
    """One request on a connection. `request` reads it (once), `answer` lets it through; a manner may do neither.

    `over` is set when the front is to behave again.
    """

    reader: Any
    connection: socket.socket
    pass_on: PassOn
    over: threading.Event
    known: Request | None = None

    def request(self) -> Request:
        self.known = self.known or self._read()
        return self.known

    def _read(self) -> Request:
        method, target, _ = self.reader.readline().decode("latin-1").split(" ", 2)
        headers = {}
        while (line := self.reader.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = self.reader.read(length)
        if len(body) < length:
            raise ConnectionError("the sender went away in the middle of a request")
        return Request(method, target, headers, body)

    def answer(self) -> bytes:
        return self.pass_on(self.request())

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)


#: Returns whether the connection may be used again.
Manner = Callable[[Exchange], bool]


def well(exchange: Exchange) -> bool:
    exchange.send(exchange.answer())
    return True


class Front:
    """Listens on a port of its own. `behaving` gives it a manner for a while, `away` closes its port.

    `met`: so many requests did not find it well behaved.
    """

    def __init__(self, pass_on: PassOn) -> None:
        self.pass_on = pass_on
        self.manner: Manner = well
        self.only: Callable[[bytes], bool] | None = None
        self.met = 0
        self.over = threading.Event()
        self.connections: set[socket.socket] = set()
        self._server = _Server(self, 0)
        self.port: int = self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def behaving(self, manner: Manner, only: Callable[[bytes], bool] | None = None) -> Iterator[None]:
        """Requests that began meanwhile and are still held are let go, with their connections, at the end.

        With `only`, those alone whose body it holds for meet the manner.
        """
        self.over, self.only, self.manner = threading.Event(), only, manner
        try:
            yield
        finally:
            self.manner = well
            self.over.set()

    @contextlib.contextmanager
    def away(self) -> Iterator[None]:
        """Nobody listens, and what was connected is cut."""
        self._server.end()
        try:
            yield
        finally:
            self._server = _Server(self, self.port)

    def close(self) -> None:
        self.over.set()
        self._server.end()


class _Server(socketserver.ThreadingTCPServer):
    request_queue_size = 256
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, front: Front, port: int) -> None:
        self.front = front
        super().__init__(("127.0.0.1", port), _Handler)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.front.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        assert isinstance(self.server, _Server)
        front = self.server.front
        front.connections.add(self.connection)
        try:
            while self._waits() and self._served(front):
                pass
        except (OSError, ValueError):
            pass  # the other side went away, in the middle of a line perhaps
        finally:
            front.connections.discard(self.connection)

    def _waits(self) -> bool:
        """Until the next request begins. False: none comes."""
        return bool(self.rfile.peek(1))  # type: ignore[attr-defined]  # a BufferedReader, whatever its annotation

    def _served(self, front: Front) -> bool:
        exchange = Exchange(self.rfile, self.connection, front.pass_on, front.over)
        manner = front.manner
        if manner is well or (front.only and not front.only(exchange.request().body)):
            return well(exchange)
        front.met += 1
        return manner(exchange)


def to_subscriber(subscriber: Subscriber) -> PassOn:
    """The subscriber keeps what it takes before a byte of the answer leaves."""

    def pass_on(request: Request) -> bytes:
        status = subscriber.take(request.headers, request.body)
        text = b'{"what": "an answer with a body"}'
        return b"HTTP/1.1 %d As-it-is\r\ncontent-length: %d" % (status, len(text)) + END + text

    return pass_on


def to_port(port: int) -> PassOn:
    """An HTTP server behind, asked over a connection of its own each time."""

    def pass_on(request: Request) -> bytes:
        with contextlib.closing(HTTPConnection("127.0.0.1", port, timeout=60)) as http:
            http.request(request.method, request.target, request.body or None, request.headers)
            answer = http.getresponse()
            body = answer.read()
        left_out = ("content-length", "transfer-encoding", "connection")
        kept = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in left_out]
        head = [f"HTTP/1.1 {answer.status} {answer.reason}", f"content-length: {len(body)}", *kept]
        return "\r\n".join(head).encode("latin-1") + END + body

    return pass_on

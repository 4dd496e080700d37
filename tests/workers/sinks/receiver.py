"""A real HTTP server on a loopback port, in a thread of its own; what it answers is set by the test."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn


@dataclass(frozen=True)
class Received:
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    #: The port from which it came: one for each connection.
    client: int


@dataclass
class Answer:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    after_seconds: float = 0


class Receiver:
    def __init__(self, *, certificate: Path | None = None, clients: Path | None = None) -> None:
        """`clients`: only who has a certificate by this authority may connect."""
        self.requests: list[Received] = []
        #: Taken from the front, one a request; then `answer`.
        self.answers: list[Answer] = []
        self.answer = Answer()
        self._certificate = certificate
        self._clients = clients
        self._port = 0

    def reset(self) -> None:
        self.requests.clear()
        self.answers.clear()
        self.answer = Answer()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http{'s' if self._certificate else ''}://127.0.0.1:{self._port}/in"

    def start(self) -> None:
        """On the same port as before, if there was one."""
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self._port))
        self._port = listening.getsockname()[1]
        tls: dict[str, Any] = {"ssl_certfile": str(self._certificate)} if self._certificate else {}
        if self._clients:
            tls |= {"ssl_ca_certs": str(self._clients), "ssl_cert_reqs": ssl.CERT_REQUIRED}
        config = uvicorn.Config(
            self._app,
            log_config=None,
            interface="asgi3",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,
            **tls,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listening]}, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            part = await receive()
            body += part.get("body", b"")
            if not part.get("more_body"):
                break
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.requests.append(
            Received(scope["path"], scope["query_string"].decode(), headers, body, scope["client"][1])
        )
        answer = self.answers.pop(0) if self.answers else self.answer
        await asyncio.sleep(answer.after_seconds)
        raw = [(name.encode(), value.encode()) for name, value in answer.headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        await send({"type": "http.response.body", "body": answer.body})

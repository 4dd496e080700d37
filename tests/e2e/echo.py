"""The worst neighbour there is: it answers with an error that repeats everything it was sent.

It plays the token endpoint and the API of a tenant, and the receiving end of a sink.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Echo:
    """`token` and `webhook_key` are what it hands out; `refuses` makes its token endpoint refuse all. `heard` is all that came."""

    def __init__(self, token: str, webhook_key: str) -> None:
        self.token, self.webhook_key = token, webhook_key
        self.heard = ""
        self.webhooks: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, said: str, body: bytes) -> tuple[int, Any]:
        self.heard += said
        if path.startswith("/tenants/echo/"):
            scopes = body.decode().rpartition("scope=")[2].replace("+", " ")
            return 200, {"access_token": self.token, "expires_in": 1800, "scope": scopes}
        if "/webhooks" in path and method == "GET":
            return 200, {"value": self.webhooks}
        if "/webhooks" in path and method == "POST":
            return 201, {**self._made(json.loads(body)), "key": self.webhook_key}
        # Line breaks and a length that is cut: what is hidden must be hidden before either is done.
        return 400, {"error": {"code": "Bad", "message": said, "reasons": [said, "x" * 470 + said]}}

    def _made(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = {"id": f"w{len(self.webhooks)}", "status": "Enabled", "validUntil": "2099-01-01T00:00:00Z"}
        self.webhooks.append({**asked, **made})
        return self.webhooks[-1]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        echo = self

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                head = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
                said = f"{self.path}\n{head}\n{body.decode()}"
                status, answer = echo.answer(self.command, self.path, said, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815  # names of http.server

            def log_message(self, *_: object) -> None:
                pass

        return Handler

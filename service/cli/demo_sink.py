"""The receiving end of the demo's webhook sink: checks each signature and hands each event on."""

from __future__ import annotations

import base64
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

from workers.events import Event


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


class Receiver:
    """Listens from the start, on loopback.

    `told(event, Unix seconds)` is called for each event, one at a time, from the thread of its request.
    """

    def __init__(self, told: Callable[[Event, float], None]) -> None:
        self.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.bad_signatures = 0
        self._told = told
        self._turn = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self.take))
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/events"

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """One request of the sink; the status to answer."""
        try:
            Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            self.bad_signatures += 1
            return 401
        with self._turn:
            self._told(Event(body), time.time())
        return 204

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(take: Callable[[Mapping[str, str], bytes], int]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(take({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing: the events are shown."""

    return Handler

"""The receiving end of a webhook sink: verifies signatures and keeps every event with the time at which it came."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(b"a secret of the sink, 32 bytes..").decode()

Event = dict[str, Any]


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


class Subscriber:
    """`status` decides how a request is answered by the events in it; what is answered with 2xx is kept. `seconds` is how
    long the sink takes to answer after that."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.arrived: list[float] = []
        self.requests = 0
        self.bad_signatures = 0
        self.status: Callable[[list[Event]], int] = lambda _: 200
        self.seconds: Callable[[], float] = lambda: 0.0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def first_deliveries(self) -> list[tuple[float, Event]]:
        """(time of arrival, event) without repetitions: each event id where it came first."""
        with self._lock:
            pairs = list(zip(self.arrived, self.events, strict=True))
        seen: set[str] = set()
        return [(at, e) for at, e in pairs if not (e["id"] in seen or seen.add(e["id"]))]

    def since(self, known: int) -> list[tuple[float, Event]]:
        """(time of arrival, event) of everything after the first `known` deliveries."""
        with self._lock:
            return list(zip(self.arrived[known:], self.events[known:], strict=True))

    def arrival(self, subject: str, after: str = "") -> float | None:
        """When the first event of a resource with a version above `after` came."""
        found = (at for at, e in self.first_deliveries() if e["subject"] == subject and e["sequence"] > after)
        return next(found, None)

    def last(self) -> dict[str, Event]:
        """The last event of each resource, repetitions left out."""
        return {e["subject"]: e for _, e in self.first_deliveries()}

    def of(self, number: int, collection: str = "assignments") -> list[Event]:
        """Everything that came for one resource, repetitions included."""
        return [e for e in list(self.events) if e["subject"] == f"{collection}/{number}"]

    def refuse(self, subject: str, status: int) -> None:
        """Requests that hold an event of this resource are answered with `status`; `heal` ends it."""
        self.status = lambda events: status if any(e["subject"] == subject for e in events) else 200

    def heal(self) -> None:
        self.status = lambda _: 200

    def take(self, headers: dict[str, str], body: bytes) -> int:
        try:
            Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            with self._lock:
                self.bad_signatures += 1
            return 401
        decoded = json.loads(body)
        events = decoded if isinstance(decoded, list) else [decoded]
        with self._lock:
            self.requests += 1
            status = self.status(events)
            if status < 300:
                self.events += events
                self.arrived += [time.time()] * len(events)
        time.sleep(self.seconds())
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if len(body) < int(self.headers["content-length"]):
                    return  # the sender was killed in the middle of a request
                self.send_response(subscriber.take({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_header("content-length", "0")
                self.end_headers()

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:
                    self.close_connection = True  # the sender was killed

            def log_message(self, *_: object) -> None:
                pass

        return Handler

"""A whole installation as its users run it: processes started by the command line, a simulator, a signed webhook sink.

Nothing of the product is imported: HTTP in, sink out.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml
from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"a secret of the sink, 32 bytes..").decode()
ENVIRONMENT = {"SHIFTWIRE_SECRET_KEY": "a-secret-key-of-the-tests-that-is-long-enough"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> None:
    """Waits for a condition; fails with words when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(every)


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True


class Subscriber:
    """The receiving end of a webhook sink: verifies signatures and keeps every event with the time it came."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.arrived: list[float] = []
        self.bad_signatures = 0
        self.status: Callable[[list[dict[str, Any]]], int] = lambda _: 200
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

    def take(self, headers: dict[str, str], body: bytes) -> int:
        try:
            Webhook(SECRET).verify(body, headers)
        except Exception:
            with self._lock:
                self.bad_signatures += 1
            return 401
        decoded = json.loads(body)
        events = decoded if isinstance(decoded, list) else [decoded]
        with self._lock:
            status = self.status(events)
            if status < 300:
                self.events += events
                self.arrived += [time.time()] * len(events)
        return status

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        subscriber = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.send_response(subscriber.take({k.lower(): v for k, v in self.headers.items()}, body))
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@dataclass
class Installation:
    """Processes by name; `directory` holds the configuration, the store's files and a log of each process."""

    directory: Path
    collections: dict[str, Any] = field(default_factory=lambda: {"assignments": {"since": "2026-01-01"}})
    sink: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subscriber = Subscriber()
        self.port, self.simulator_port, self.redis_port = free_port(), free_port(), free_port()
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.config = self.directory / "shiftwire.yaml"
        self.config.write_text(yaml.safe_dump(self.configuration()), encoding="utf-8")
        self.http = httpx.Client(timeout=30)

    def configuration(self) -> dict[str, Any]:
        simulator = f"http://127.0.0.1:{self.simulator_port}"
        return {
            "public_url": f"http://127.0.0.1:{self.port}",
            "secret_key": "${SHIFTWIRE_SECRET_KEY}",
            "store": {"url": f"redis://127.0.0.1:{self.redis_port}/0", **self.store},
            "server": {"host": "127.0.0.1", "port": self.port},
            "tenants": {
                "acme": {
                    "base_url": simulator,
                    "auth_url": simulator,
                    "client_id": "shiftwire",
                    "client_secret": "simulated-secret",
                    "user_agent": "Tests/v1 (Shiftwire)",
                    "requests_per_minute": 60000,
                    "collections": self.collections,
                }
            },
            "sinks": {
                "planning": {
                    "type": "webhook",
                    "url": self.subscriber.url,
                    "secret": SECRET,
                    "allow_private_addresses": True,
                    "retry": {"min_seconds": 0.1, "max_seconds": 1},
                    **self.sink,
                }
            },
            "subscriptions": {"check_seconds": 2},
        }

    def start(self, *names: str) -> None:
        for name in names:
            log = (self.directory / f"{name}.log").open("ab")
            with log:
                self.processes[name] = subprocess.Popen(
                    self.command(name), stdout=log, stderr=log, env={**os.environ, **ENVIRONMENT}
                )

    def command(self, name: str) -> list[str]:
        kind = name.rstrip("0123456789")
        if kind == "redis":
            return [
                *(self.redis_binary(), "--port", str(self.redis_port), "--bind", "127.0.0.1"),
                *("--dir", str(self.directory), "--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            ]
        if kind == "simulator":
            settings = {"rate_limit_per_minute": 0, **self.settings}
            return shiftwire("simulator", "--port", str(self.simulator_port), "--settings", json.dumps(settings))
        return shiftwire(kind, "--config", str(self.config))

    def redis_binary(self) -> str:
        code = "from workers.store.embedded import binary; print(binary())"
        return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip()

    def start_all(self) -> None:
        """Everything, in the order in which a person would; returns when the receiver accepts and webhooks are made."""
        self.start("redis", "simulator")
        until(lambda: reachable(self.redis_port), 15, "Redis answers")
        until(lambda: reachable(self.simulator_port), 15, "the simulator answers")
        self.start("serve", "work", "schedule")
        until(lambda: self.webhooks() == len(self.collections), 30, "webhooks are created")
        until(lambda: reachable(self.port), 15, "the receiver answers")

    def kill(self, name: str) -> None:
        self.processes[name].send_signal(signal.SIGKILL)
        self.processes[name].wait()

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.subscriber.close()
        self.http.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the command line."""
        command = shiftwire(*arguments, "--config", str(self.config))
        environment = {**os.environ, **ENVIRONMENT}
        return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment, check=False)

    def ledger(self) -> dict[str, Any]:
        row: dict[str, Any] = json.loads(self.run("ledger", "--json").stdout)[0]
        return row

    def simulator(self, path: str) -> str:
        return f"http://127.0.0.1:{self.simulator_port}{path}"

    def stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.http.get(self.simulator("/control/stats")).json()
        return stats

    def calls(self, start: str = "GET /") -> int:
        return sum(n for route, n in self.stats()["calls"].items() if route.startswith(start))

    def state(self, collection: str = "assignments") -> dict[str, Any]:
        state: dict[str, Any] = self.http.get(self.simulator(f"/control/state/{collection}")).json()
        return state

    def generate(self, **order: Any) -> None:
        self.http.post(self.simulator("/control/generate"), json=order, timeout=120).raise_for_status()

    def switch(self, **settings: Any) -> None:
        self.http.patch(self.simulator("/control/settings"), json=settings).raise_for_status()

    def webhooks(self) -> int:
        return sum(n for route, n in self.stats()["calls"].items() if route == "POST /webhooks")

    def logs(self) -> str:
        return "\n".join(p.read_text(errors="replace") for p in sorted(self.directory.glob("*.log")))


def shiftwire(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service", *arguments]


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True

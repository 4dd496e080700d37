"""A folder with a configuration whose tenant is at some address; no store runs anywhere near it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import yaml
from typer.testing import CliRunner

from service.cli.app import app
from service.cli.failures import explain
from tests.ports import free_port
from tests.service.cli.commands import Answer, reachable, running, shiftwire, until

#: What a command says, once, that finds no store.
ALONE = "this command works alone, with a rate limit and a token of its own."


class Tenant:
    """The tenant `acme` at `url`, as commands see it."""

    def __init__(self, folder: Path, url: str, **settings: Any) -> None:
        self.folder, self.url = folder, url
        self.config = folder / "shiftwire.yaml"
        settings = {
            "base_url": url,
            "auth_url": url,
            "client_id": "shiftwire",
            "client_secret": "simulated-secret",
            "user_agent": "Tests/v1 (Shiftwire)",
            "requests_per_minute": 1_000_000,
            "collections": {"people": {}},
            **settings,
        }
        self.config.write_text(
            yaml.safe_dump(
                {
                    "public_url": "https://hooks.example.com",
                    "secret_key": "a-secret-key-of-the-tests-that-is-long-enough",
                    "store": {"url": "redis://127.0.0.1:1/0"},
                    "tenants": {"acme": settings},
                }
            )
        )

    def use_store(self, url: str) -> None:
        config = yaml.safe_load(self.config.read_text())
        self.config.write_text(yaml.safe_dump({**config, "store": {"url": url}}))

    def __call__(self, *arguments: str) -> Answer:
        return shiftwire(*arguments, "--config", str(self.config), cwd=self.folder)

    def here(self, *arguments: str, stdin: str | None = None) -> Answer:
        """The same in this process, for many commands that end at once."""
        result = CliRunner().invoke(app, [*arguments, "--config", str(self.config)], input=stdin)
        if result.exception is None or isinstance(result.exception, SystemExit):
            return Answer(result.exit_code, result.stdout, result.stderr)
        known = explain(result.exception) if isinstance(result.exception, Exception) else None
        assert known is not None, repr(result.exception)
        return Answer(known[1], result.stdout, result.stderr + known[0])

    def records(self, collection: str) -> list[dict[str, Any]]:
        state = httpx.get(f"{self.url}/control/state/{collection}").json()
        return [entry["record"] for entry in state.values() if entry["record"]]

    def switch(self, **settings: Any) -> None:
        httpx.patch(f"{self.url}/control/settings", json=settings).raise_for_status()

    def calls(self) -> dict[str, int]:
        calls: dict[str, int] = httpx.get(f"{self.url}/control/stats").json()["calls"]
        return calls


@contextmanager
def simulated(folder: Path, **settings: Any) -> Iterator[Tenant]:
    port = free_port()
    switches = json.dumps({"rate_limit_per_minute": 0, **settings})
    with running("simulator", "--port", str(port), "--settings", switches):
        until(lambda: reachable(port), 20, "the simulator answers")
        yield Tenant(folder, f"http://127.0.0.1:{port}")


class Recorder:
    """What arrived: `METHOD /path?query` with the body, and the scopes of the tokens."""

    def __init__(self, record: dict[str, Any]) -> None:
        self.requests: list[tuple[str, bytes]] = []
        self.scopes: list[str] = []
        self.record = record


@contextmanager
def recorded(record: dict[str, Any]) -> Iterator[tuple[str, Recorder]]:
    """A Protime that keeps what it hears, and answers with `record`; its address."""
    heard = Recorder(record)

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path.endswith("/connect/token"):
                heard.scopes += parse_qs(body.decode())["scope"]
                self._send(200, {"access_token": "token", "expires_in": 1800, "token_type": "Bearer"})
                return
            heard.requests.append((f"{self.command} {self.path}", body))
            single = self.path.partition("?")[0].rpartition("/")[2].isdigit()
            self._send(201 if self.command == "POST" else 200, heard.record if single else {"value": []})

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the names of the standard library

        def _send(self, status: int, body: dict[str, Any]) -> None:
            content = b"" if status == 201 else json.dumps(body).encode()
            self.send_response(status)
            if status == 201:
                self.send_header("location", f"{self.path}/8192")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", heard
    server.shutdown()
    thread.join()
    server.server_close()

"""A service of advisories on this machine that speaks OSV's protocol, the way pip-audit asks it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

#: As the public service answers for it, shortened.
JINJA = {
    "id": "PYSEC-2019-217",
    "summary": "Jinja2 sandbox escape via string formatting",
    "aliases": ["CVE-2019-10906", "GHSA-462w-v97r-4m45"],
    "schema_version": "1.7.3",
    "affected": [
        {
            "package": {"name": "jinja2", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.10.1"}]}],
        }
    ],
}
STARLETTE = {
    "id": "PYSEC-2099-1",
    "summary": "Not a real one",
    "aliases": ["CVE-2099-0001"],
    "schema_version": "1.7.3",
    "affected": [
        {
            "package": {"name": "starlette", "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}],
        }
    ],
}


class Advisories:
    """Knows `vulnerable` packages by name and version (or any), and counts who was asked about."""

    def __init__(self, vulnerable: dict[tuple[str, str], Any], answers: int) -> None:
        self.vulnerable = vulnerable
        self.answers = answers
        self.asked: list[tuple[str, str]] = []

    def answer(self, name: str, version: str) -> Any:
        """None where it does not answer any more."""
        self.asked.append((name, version))
        if len(self.asked) > self.answers:
            return None
        found = self.vulnerable.get((name, version)) or self.vulnerable.get((name, ""))
        return {"vulns": [found]} if found else {}


@contextmanager
def advisories(
    vulnerable: dict[tuple[str, str], Any], answers: int = 10_000
) -> Iterator[tuple[Advisories, str]]:
    """The service and its address. It answers so often, and with 500 afterwards."""
    service = Advisories(vulnerable, answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = service.answer(asked["package"]["name"], asked["version"])
            body = json.dumps(answer or {}).encode()
            self.send_response(500 if answer is None else 200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing to say."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield service, f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()

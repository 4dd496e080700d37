"""An installation with a past: its folder, the Redis in it, and events that went through the product's own classes."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.service.cli.commands import Answer, shiftwire
from workers.config import load
from workers.queue import Wake, make_broker
from workers.runtime import Runtime
from workers.store.connect import connect
from workers.store.embedded import url_of
from workers.store.inbox import NO_ID, Arrival

SECRET_KEY = "a-secret-key-of-the-tests-that-is-long-enough"
FIRST, SECOND, CLOCKING = "assignments/1", "assignments/2", "clockings/9"


class Installation:
    """`directory` holds the configuration, and the embedded Redis that is running."""

    def __init__(self, directory: Path, refusing: str) -> None:
        self.directory = directory
        self.config = directory / "shiftwire.yaml"
        self.data_dir = directory / "shiftwire-data"
        self.config.write_text(yaml.safe_dump(self.configuration(refusing)))

    def configuration(self, refusing: str) -> dict[str, Any]:
        how = {"since": "2026-01-01", "fetch": "payload"}
        picky = {"type": "webhook", "url": refusing, "unsigned": True, "allow_private_addresses": True}
        return {
            "public_url": "https://hooks.example.com",
            "secret_key": SECRET_KEY,
            "store": {"data_dir": str(self.data_dir), "partitions": 4},
            "tenants": {
                "acme": {
                    "client_id": "shiftwire",
                    "client_secret": "a secret",
                    "user_agent": "Tests/v1 (Shiftwire)",
                    "timezone": "America/New_York",
                    "collections": {"assignments": how, "clockings": how},
                }
            },
            "sinks": {
                "archive": {"type": "file", "path": str(self.directory / "archive")},
                "picky": {**picky, "filter": {"collections": ["clockings"]}},
            },
        }

    def shiftwire(self, *arguments: str) -> Answer:
        return shiftwire(*arguments, "--config", str(self.config))

    def change(self, *arrivals: Arrival) -> None:
        """Changes as a webhook brings them, decided and delivered."""
        asyncio.run(self._change(arrivals))

    async def _change(self, arrivals: tuple[Arrival, ...]) -> None:
        config, url = load(self.config, {}), url_of(self.data_dir)
        broker = make_broker(url)
        runtime = Runtime(config, connect(url), Wake(broker))
        await runtime.start()
        for arrival in arrivals:
            for partition in await runtime.store.inbox.append("acme", "webhook", [arrival]):
                await runtime.ingest.drain(partition)
        await _until(lambda: _delivered(runtime, list(config.sinks)))
        await runtime.stop(5)
        broker.client.close()

    def redis(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """What the work answers, on a connection of its own."""

        async def run() -> Any:
            client = connect(url_of(self.data_dir))
            try:
                return await work(client)
            finally:
                await client.aclose()

        return asyncio.run(run())


async def _delivered(runtime: Runtime, sinks: list[str]) -> bool:
    return not any(row.in_flight for row in await runtime.store.ledger.rows(sinks))


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(15):
        while not await condition():  # noqa: ASYNC110  # Redis tells nobody when the last delivery is booked
            await asyncio.sleep(0.02)


def assignment(resource: str, version: str, **changed: Any) -> Arrival:
    record = {
        "id": int(resource.rpartition("/")[2]),
        "changeVersion": version,
        "person": {"id": 1},
        "from": "2026-07-01",
        "until": "2026-07-01",
        "startTimeInMinutes": 480,
        "endTimeInMinutes": 1020,
        "comments": "Café",
        "activityLevels": [],
        **changed,
    }
    return Arrival(resource, version, deleted=False, data=json.dumps(record).encode())


def clocking() -> Arrival:
    record = {
        "id": 9,
        "changeVersion": "0005",
        "person": {"id": 1},
        "date": "2026-07-01",
        "timeOfDayInMinutes": 480,
    }
    return Arrival(CLOCKING, "0005", deleted=False, data=json.dumps({**record, "kind": "InOut"}).encode())


def the_past() -> list[Arrival]:
    """Two assignments, one of them moved; a clocking that one sink refuses; and something that is no record."""
    return [
        assignment(FIRST, "0001"),
        assignment(SECOND, "0002"),
        assignment(FIRST, "0003", startTimeInMinutes=540),
        clocking(),
        Arrival(f"assignments/{NO_ID}", "0006", deleted=False, data=b'{"id": "seven"}'),
    ]


@contextmanager
def refusing_sink() -> Iterator[str]:
    """A webhook receiver that wants nothing; its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(422)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/in"
    server.shutdown()
    thread.join()
    server.server_close()

"""Redis as a rig: a server of its own with a password, which can be stopped, started on the same data, and frozen."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.ports import free_port
from tests.workers.sinks.servers import missing
from workers.sinks import REGISTRY
from workers.sinks.base import Sink

PASSWORD = "word-of-redis"


def server_binary() -> str:
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    return found or missing("needs redis-server or valkey-server on the path")


class RedisRig:
    secrets = (PASSWORD,)

    def __init__(self, tmp_path: Path) -> None:
        self._binary = server_binary()
        self._folder = tmp_path
        self.port = free_port()
        self.client = redis.Redis(port=self.port, password=PASSWORD, decode_responses=True)
        self.bring_back()

    def sink(self, **options: Any) -> Sink:
        given = {"url": f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"} | options
        self.options = REGISTRY["redis"].options(type="redis", **given)
        return REGISTRY["redis"].create("stream", self.options)

    def entries(self, stream: str = "shiftwire") -> list[dict[str, str]]:
        return [fields for _, fields in self.client.xrange(stream)]

    def subjects(self) -> list[str]:
        return [json.loads(entry["event"])["subject"] for entry in self.entries()]

    def ids(self) -> list[str]:
        return [entry["id"] for entry in self.entries()]

    def distinct(self) -> list[str]:
        return self.ids()

    def wait_for(self, count: int) -> None:
        """Until so many entries are in the stream."""
        deadline = time.monotonic() + 5
        while len(self.entries()) < count:
            assert time.monotonic() < deadline, f"{len(self.entries())} entries, not {count}"
            time.sleep(0.01)

    def take_away(self) -> None:
        self.client.close()
        self._process.terminate()
        self._process.wait(10)

    def bring_back(self) -> None:
        settings = ["--port", str(self.port), "--bind", "127.0.0.1", "--requirepass", PASSWORD, "--save", ""]
        durable = ["--appendonly", "yes", "--appendfsync", "always", "--dir", str(self._folder)]
        self._process = subprocess.Popen([self._binary, *settings, *durable], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def restart(self) -> None:
        self.take_away()
        self.bring_back()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self.take_away()

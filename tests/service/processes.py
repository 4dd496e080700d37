"""Processes of a test's own: a Redis to be killed and started again, and `shiftwire serve` as its users start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.ports import free_port
from workers.store.embedded import binary


@dataclass
class OwnRedis:
    """A Redis process with an append-only file, on a port of its own, to be killed and started again."""

    directory: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(
                    str(binary()),
                    "--port",
                    str(self.port),
                    "--bind",
                    "127.0.0.1",
                    "--dir",
                    str(self.directory),
                ),
                *("--appendonly", "yes", "--appendfsync", "always", "--save", "", *self.options),
            ],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            assert time.monotonic() < deadline, "Redis does not start"
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        """As when the machine takes it away: no last words."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def running(directory: Path, *options: str) -> Iterator[OwnRedis]:
    """For fixtures: started, and gone afterwards whatever the test did to it."""
    redis = OwnRedis(directory, options)
    redis.start()
    yield redis
    if redis.process is not None and redis.process.poll() is None:
        redis.signal(signal.SIGCONT)
        redis.kill()


@dataclass
class Process:
    """`shiftwire serve` as its users start it, with its log in a file."""

    directory: Path
    data: dict[str, Any]
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        path = self.directory / "shiftwire.yaml"
        self.data["server"]["port"] = self.port
        path.write_text(json.dumps(self.data), encoding="utf-8")
        with (self.directory / "serve.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--config", str(path)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + 20
        while not listens(self.port):
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(30)

    def log(self) -> str:
        return (self.directory / "serve.log").read_text(encoding="utf-8")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def serve_process(directory: Path, data: dict[str, Any]) -> Iterator[Process]:
    """For fixtures: started, and gone afterwards."""
    process = Process(directory, data)
    process.start()
    yield process
    if process.process is not None and process.process.poll() is None:
        process.process.kill()
        process.process.wait()

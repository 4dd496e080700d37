"""What the behaviour suite needs to know of each sink: how to make one, see what arrived, and take its target away."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.workers.sinks.receiver import Answer, Receiver
from tests.workers.sinks.rigs_kafka import KafkaRig
from tests.workers.sinks.rigs_mqtt import MqttRig
from tests.workers.sinks.rigs_nats import NatsRig
from tests.workers.sinks.rigs_notify import NotifyRig
from tests.workers.sinks.rigs_postgres import PostgresRig
from tests.workers.sinks.rigs_rabbitmq import RabbitmqRig
from tests.workers.sinks.rigs_redis import RedisRig
from workers.sinks import REGISTRY
from workers.sinks.base import Sink
from workers.sinks.console import ConsoleSink

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class WebhookRig:
    secrets = (SECRET, SECRET.removeprefix("whsec_"), "token-in-query", "key-in-header")

    def __init__(self, _: Path) -> None:
        self.receiver = Receiver()
        self.receiver.start()

    def sink(self, **options: Any) -> Sink:
        self.options = REGISTRY["webhook"].options(
            type="webhook",
            url=f"{self.receiver.url}?token=token-in-query",
            secret=SECRET,
            headers={"X-Key": "key-in-header"},
            allow_private_addresses=True,
            **options,
        )
        return REGISTRY["webhook"].create("planning", self.options)

    def subjects(self) -> list[str]:
        return [event["subject"] for body in self.bodies() for event in body]

    def bodies(self) -> list[list[dict[str, Any]]]:
        decoded = [json.loads(request.body) for request in self.receiver.requests]
        return [body if isinstance(body, list) else [body] for body in decoded]

    def take_away(self) -> None:
        self.receiver.stop()

    def bring_back(self) -> None:
        self.receiver.start()

    def restart(self) -> None:
        self.take_away()
        self.bring_back()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self.receiver.answer = Answer(after_seconds=0.8)
        yield

    def close(self) -> None:
        self.receiver.stop()


class FileRig:
    secrets = ()

    def __init__(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "events"

    def sink(self, **options: Any) -> Sink:
        self.options = REGISTRY["file"].options(type="file", path=self.folder, **options)
        return REGISTRY["file"].create("archive", self.options)

    def subjects(self) -> list[str]:
        files = sorted(self.folder.glob("*.jsonl"))
        return [json.loads(line)["subject"] for file in files for line in file.read_bytes().splitlines()]

    def take_away(self) -> None:
        self.folder.write_text("not a folder")

    def bring_back(self) -> None:
        self.folder.unlink()

    def restart(self) -> None:
        """What a log rotation does: the file gets another name."""
        (file,) = self.folder.glob("*.jsonl")
        file.rename(self.folder / "events-0.jsonl")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        (file,) = self.folder.glob("*.jsonl")
        with file.open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield

    def close(self) -> None:
        pass


class ConsoleRig:
    """Standard output is a pipe; what arrived is read from its other end."""

    secrets = ()

    def __init__(self, _: Path) -> None:
        self.seen = b""
        self.console = Console(file=self._pipe(), width=80)

    def _pipe(self) -> Any:
        self.read_end, write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        return os.fdopen(write_end, "w", encoding="utf-8")

    def sink(self, **options: Any) -> Sink:
        self.options = REGISTRY["console"].options(type="console", **options)
        return ConsoleSink("people", self.options, console=self.console)

    def subjects(self) -> list[str]:
        self._drain()
        return [line.split("  ")[2] for line in self.seen.decode().splitlines() if line]

    def take_away(self) -> None:
        os.close(self.read_end)

    def bring_back(self) -> None:
        self._drop(self.console.file)
        self.console.file = self._pipe()

    def restart(self) -> None:
        self._drain()
        self.take_away()
        self.bring_back()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        self._drain()
        file = self.console.file.fileno()
        fcntl.fcntl(file, 1031, 4096)  # F_SETPIPE_SZ
        os.write(file, b"\n" * 4096)
        yield
        self._drain()

    def close(self) -> None:
        self._drain()
        self._drop(self.console.file)
        os.close(self.read_end)

    def _drain(self) -> None:
        try:
            while more := os.read(self.read_end, 65536):
                self.seen += more
        except BlockingIOError:
            return

    @staticmethod
    def _drop(file: Any) -> None:
        """Close without an error for text that nobody can take any more."""
        try:
            file.close()
        except BrokenPipeError:
            return


RIGS = {
    "webhook": WebhookRig,
    "file": FileRig,
    "console": ConsoleRig,
    "rabbitmq": RabbitmqRig,
    "nats": NatsRig,
    "mqtt": MqttRig,
    "redis": RedisRig,
    "postgres": PostgresRig,
    "kafka": KafkaRig,
    "notify": NotifyRig,
}

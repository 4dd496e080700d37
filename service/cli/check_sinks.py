"""Whether a sink can be reached, as far as that can be seen without sending it anything."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import urlsplit

from workers.sinks.base import SinkOptions
from workers.sinks.broker_options import BrokerOptions
from workers.sinks.file import FileOptions
from workers.sinks.kafka_options import KafkaOptions
from workers.sinks.postgres_options import PostgresOptions
from workers.sinks.webhook_options import WebhookOptions

_CONNECT_SECONDS = 5.0
_PORTS = {
    "http": 80,
    "https": 443,
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
    "tls": 4222,
    "mqtt": 1883,
    "mqtts": 8883,
    "redis": 6379,
    "rediss": 6379,
    "postgres": 5432,
    "postgresql": 5432,
}


def problem_of(options: SinkOptions) -> str:
    """What is in the way, or "". Blocks. A sink without a cheap look counts as reachable."""
    match options:
        case WebhookOptions() | BrokerOptions():
            return _connection(options.url)
        case PostgresOptions():
            return _connection(options.url.get_secret_value())
        case KafkaOptions():
            return _any_of(options.bootstrap_servers.split(","))
        case FileOptions():
            return _folder(options.path)
    return ""


def _any_of(servers: list[str]) -> str:
    """One that answers knows the others."""
    problems = [_connection(f"kafka://{server.strip()}") for server in servers]
    return "" if "" in problems else "; ".join(problems)


def _connection(url: str) -> str:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        return f"{host}:{port} does not answer ({error.strerror or error})"
    return ""


def _folder(path: Path) -> str:
    """The folder is made with the first event: until then the nearest one above it counts."""
    nearest = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not nearest.is_dir():
        return f"{nearest} is not a folder"
    return "" if os.access(nearest, os.W_OK | os.X_OK) else f"{nearest} cannot be written to"

"""What is measured: three usual combinations, and Shiftwire in each of its ways to fetch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from bench import environment
from bench.configuration import configuration
from bench.load import KEY
from bench.protime import CLIENT

_UVICORN = ("--no-access-log", "--log-level", "warning", "--no-server-header", "--no-date-header")


@dataclass(frozen=True)
class Place:
    """Where a candidate finds what it works with. Addresses end without a slash, `redis` is a URL."""

    folder: Path
    redis: str
    protime: str
    sink: str
    port: int


@dataclass(frozen=True)
class Command:
    arguments: list[str]
    environment: Mapping[str, str] = field(default_factory=dict)


#: The processes by name; `receiver` is the one that answers on `Place.port`.
Commands = Callable[[Place], dict[str, Command]]


@dataclass(frozen=True)
class Candidate:
    """`live`: a change must not be made before its time, because the candidate sees it at once when it looks."""

    name: str
    what: str
    commands: Commands
    baseline: bool = False
    live: bool = False


def _baseline(module: str, worker: list[str], place: Place) -> dict[str, Command]:
    python = str(environment.python())
    given = {
        "BENCH_REDIS": place.redis,
        "BENCH_PROTIME": place.protime,
        "BENCH_SINK": place.sink,
        "BENCH_KEY": KEY,
    }
    receiver = ["uvicorn", f"{module}:receiver", "--port", str(place.port), *_UVICORN]
    return {
        "receiver": Command([python, "-m", *receiver], given),
        "worker": Command([python, "-m", *worker], given),
    }


def _shiftwire(fetch: str, batch: int, place: Place) -> dict[str, Command]:
    file = place.folder / "shiftwire.yaml"
    file.write_text(yaml.safe_dump(_installation(fetch, batch, place)), encoding="utf-8")
    kinds = {"receiver": "serve", "worker": "work", "scheduler": "schedule"}
    return {
        name: Command([sys.executable, "-m", "service", kind, "--config", str(file)])
        for name, kind in kinds.items()
    }


def _installation(fetch: str, batch: int, place: Place) -> dict[str, Any]:
    config = configuration(place.redis, place.port, fetch)
    hosts = {"base_url": place.protime, "auth_url": place.protime}
    config["tenants"]["acme"] |= {**hosts, **CLIENT, "requests_per_minute": 1_000_000}
    # The delta answers notifications here: what the schedule would ask for besides is not part of the work.
    config["tenants"]["acme"]["collections"]["assignments"]["poll_seconds"] = 86_400
    webhook = {"type": "webhook", "url": f"{place.sink}/", "secret": "whsec_YmVuY2g=", "batch": batch}
    config["sinks"] = {"bench": {**webhook, "allow_private_addresses": True}}
    return config


_CELERY = "bench.baselines.celery_app"
_DRAMATIQ = "bench.baselines.dramatiq_app"
_TASKIQ = "bench.baselines.taskiq_app"
_CELERY_WORKER = ["celery", "-A", f"{_CELERY}:app", "worker", "--pool", "prefork", "--concurrency", "2"]
_QUIET = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
_DRAMATIQ_WORKER = ["dramatiq", _DRAMATIQ, "--processes", "2", "--threads", "8"]
_TASKIQ_WORKER = ["taskiq", "worker", f"{_TASKIQ}:broker", "--workers", "2", "--log-level", "WARNING"]

CANDIDATES = (
    Candidate(
        "celery",
        "FastAPI + Celery, acks late",
        partial(_baseline, _CELERY, [*_CELERY_WORKER, *_QUIET]),
        baseline=True,
    ),
    Candidate(
        "dramatiq", "Starlette + Dramatiq", partial(_baseline, _DRAMATIQ, _DRAMATIQ_WORKER), baseline=True
    ),
    Candidate(
        "taskiq", "Starlette + taskiq + aiohttp", partial(_baseline, _TASKIQ, _TASKIQ_WORKER), baseline=True
    ),
    Candidate("payload", "Shiftwire, payload, sink batch 1", partial(_shiftwire, "payload", 1)),
    Candidate("resource", "Shiftwire, resource, sink batch 1", partial(_shiftwire, "resource", 1)),
    Candidate("resource-100", "Shiftwire, resource, sink batch 100", partial(_shiftwire, "resource", 100)),
    Candidate("delta-100", "Shiftwire, delta, sink batch 100", partial(_shiftwire, "delta", 100), live=True),
)

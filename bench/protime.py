"""The simulator in a process of its own, as Protime."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from bench.load import assignment
from bench.servers import free_port, wait_for

API = "/connector/protimeapi/api/v1"
CLIENT = {"client_id": "shiftwire", "client_secret": "simulated-secret"}
_FORM = {"grant_type": "client_credentials", **CLIENT}
_SEED = 1


@dataclass(frozen=True)
class Change:
    """One change at Protime, and the body of the notification that tells of it."""

    id: int
    version: str
    body: bytes

    @property
    def key(self) -> tuple[int, str]:
        return self.id, self.version


class Protime:
    """Makes numbered changes, and counts the calls of its API."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._control = httpx.Client(base_url=f"{address}/control", timeout=300)

    def created(self, first: int, count: int) -> list[Change]:
        """New assignments with the numbers from `first`, each one change."""
        ids = list(range(first, first + count))
        made = self._generate(resources=ids, changes=0)
        return _changes(ids, int(made["firstVersion"], 16))

    def changed(self, ids: Sequence[int], count: int) -> list[Change]:
        """So many changes spread by chance over assignments that exist."""
        made = self._generate(resources=list(ids), changes=count, seed=_SEED)
        rng = random.Random(_SEED)
        return _changes([rng.choice(ids) for _ in range(count)], int(made["firstVersion"], 16))

    def calls(self) -> int:
        """Of the API so far; tokens do not count."""
        return sum(self._control.get("/stats").raise_for_status().json()["calls"].values())

    def token(self) -> str:
        answer = httpx.post(f"{self.address}/tenants/acme/connect/token", data=_FORM).raise_for_status()
        return str(answer.json()["access_token"])

    def close(self) -> None:
        self._control.close()

    def _generate(self, **order: Any) -> dict[str, Any]:
        return dict(self._control.post("/generate", json=order).raise_for_status().json())


def _changes(ids: Sequence[int], first: int) -> list[Change]:
    return [
        Change(number, f"{first + at:020X}", assignment(number, first + at)) for at, number in enumerate(ids)
    ]


@contextmanager
def protime(folder: Path, **settings: Any) -> Iterator[Protime]:
    """One without a rate limit, for as long as the block lasts; its assignments are empty."""
    port = free_port()
    given = json.dumps({"rate_limit_per_minute": 0, "page_size": 100, **settings})
    command = [sys.executable, "-m", "service", "simulator", "--port", str(port), "--settings", given]
    with (folder / "simulator.log").open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    simulator = Protime(f"http://127.0.0.1:{port}")
    try:
        wait_for(port)
        yield simulator
    finally:
        simulator.close()
        process.terminate()
        process.wait(30)

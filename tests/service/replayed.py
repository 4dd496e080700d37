"""What tests of `/admin/replay` have in common: asking, a worker that works replays off, and what came of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx

from workers.config import Config
from workers.queue import Wake, make_broker
from workers.runtime import Runtime
from workers.store.connect import connect
from workers.sweep import Sweep

CREATED = "eu.myprotime.assignment.created.v1"
ARCHIVE: dict[str, Any] = {"sink": "archive"}
REPLAY, CANCEL, REPLAYS = "/admin/replay", "/admin/replay/cancel", "/admin/replays"


async def post(http: httpx.AsyncClient, path: str = REPLAY, **body: Any) -> httpx.Response:
    return await http.post(path, json=body)


async def replays(http: httpx.AsyncClient, query: str = "") -> list[dict[str, Any]]:
    answer = await http.get(REPLAYS + query)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()["replays"]
    return found


async def work_off(settled: Config, url: str) -> None:
    """A worker, woken as the scheduler wakes it, until no replay is left to be worked off."""
    broker = make_broker(url)
    runtime = Runtime(settled, connect(url), Wake(broker))
    await runtime.start()
    store = runtime.store
    names = {name: tuple(tenant.collections) for name, tenant in settled.tenants.items()}
    sweep = Sweep(store.scripts, store.inbox, names, settled.sinks)
    async with asyncio.timeout(15):
        while any(r.state == "running" for r in await store.replays.all("archive", store.inbox.all("acme"))):
            for what, partition, about in await sweep.find():
                if what == "replay":
                    runtime.replaying.start(partition, about)
            await asyncio.sleep(0.01)
    await runtime.stop(5)
    broker.client.close()


def delivered(folder: Path) -> list[dict[str, Any]]:
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [json.loads(line) for line in lines]

"""The demo's installation while it runs: started, watched, drained, questioned, stopped."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from service.cli.demo_setup import COLLECTIONS, TENANT, Setup, complaints
from service.cli.demo_simulator import SimulatorView, our_calls
from service.cli.demo_sink import Receiver
from service.cli.demo_verdict import Evidence, Seen
from service.cli.failures import CommandFailed
from workers.config import load
from workers.store import Store
from workers.store.connect import connect
from workers.store.embedded import url_of

_READY_SECONDS = 60.0
_DRAIN_SECONDS = 30.0
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Figures:
    """What the summary tells besides the events.

    `notifications`: those that got their 2xx. `calls`: ours, by route. `latencies`: seconds from a change in Protime to
    the sink. `died`: processes that were started again.
    """

    notifications: int
    calls: Counter[str]
    latencies: list[float]
    died: list[str]


class Installation:
    def __init__(self, setup: Setup, receiver: Receiver, seen: Seen) -> None:
        self.setup = setup
        self.seen = seen
        self._receiver = receiver
        self._family = setup.family()
        config = load(setup.config, os.environ)
        self._sinks = tuple(config.sinks)
        self._redis = connect(url_of(setup.data_dir), connections=4)
        self._store = Store(config, self._redis)
        self._http = httpx.AsyncClient(base_url=setup.simulator, timeout=10)
        self._simulator = SimulatorView(self._http)
        self._watching: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Until webhooks are made and what the simulator already held has arrived. Raises `CommandFailed`, `NoRedis`."""
        self._family.start()  # in one go: cut off halfway, it would leave a process behind
        self._watching = asyncio.create_task(self._watch())
        if not await _until(self._ready, _READY_SECONDS):
            raise CommandFailed(f"the demo was not ready after {_READY_SECONDS:.0f} s:\n{self.complaints()}")

    async def drain(self) -> None:
        """Until nothing is on its way any more; `problems` tells if that did not happen in time."""
        await _until(self._drained, _DRAIN_SECONDS)

    async def evidence(self) -> Evidence:
        return Evidence(
            seen=self.seen,
            bad_signatures=self._receiver.bad_signatures,
            rows=await self._store.ledger.rows(self._sinks),
            truth=await self._simulator.truth(COLLECTIONS),
            archived=await asyncio.to_thread(self._archived),
        )

    async def figures(self) -> Figures:
        stats = await self._simulator.stats()
        changed = await self._simulator.last_changes()
        latencies = [
            at - changed[subject] for subject, (_, at) in self.seen.last.items() if subject in changed
        ]
        died = [child.name for child in self._family.children if child.deaths]
        return Figures(stats["deliveries"]["succeeded"], our_calls(stats["calls"]), latencies, died)

    def stop(self) -> None:
        """Ends every process; returns when they are gone."""
        if self._watching is not None:
            self._watching.cancel()
        self._family.stop()

    def complaints(self) -> str:
        return complaints(self.setup.directory)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._family.look()

    async def _ready(self) -> bool:
        subscriptions = await self._store.subscriptions.all(TENANT)
        made = {s.collection for s in subscriptions if s.keys}
        pulled = [
            await self._store.deltas.get(TENANT, name)
            for name, how in COLLECTIONS.items()
            if how["fetch"] == "delta"
        ]
        ready = (await self._http.get(f"{self.setup.service}/readyz")).is_success
        return (
            ready
            and made == set(COLLECTIONS)
            and all(state.pulled_at for state in pulled)
            and await self._drained()
        )

    async def _drained(self) -> bool:
        pending = (await self._simulator.stats())["pending"]
        rows = await self._store.ledger.rows(self._sinks)
        return pending == 0 and not any(row.in_flight for row in rows)

    def _archived(self) -> frozenset[str]:
        paths = sorted(self.setup.archive.glob("*.jsonl"))
        return frozenset(
            json.loads(text)["id"] for path in paths for text in path.read_text("utf-8").splitlines()
        )


async def _until(condition: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    """Whether it came true in time. What does not answer yet is asked again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if await condition():
                return True
        except httpx.TransportError:
            pass
        await asyncio.sleep(_LOOK_SECONDS)
    return False

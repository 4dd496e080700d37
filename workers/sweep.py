"""The sweep: finds work that nobody was told of (a wake-up was lost, a worker was killed, a wait is over) and wakes somebody."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from workers.clock import now_ms
from workers.delivery import longest_wait
from workers.probe_choice import Finding, allowed
from workers.queue import Wake
from workers.sinks.base import SinkOptions
from workers.store.breakers import BreakerStore
from workers.store.inbox import BULK, WOKEN_MS, Inbox
from workers.store.keys import Partition
from workers.store.leases import LEASE_MS
from workers.store.scripts import Argument, Call, Scripts

_CHANCE = random.Random()  # noqa: S311  # spreads the tries, guards nothing


class Sweep:
    def __init__(
        self,
        scripts: Scripts,
        inbox: Inbox,
        collections: Mapping[str, Iterable[str]],
        sinks: Mapping[str, SinkOptions],
    ) -> None:
        self._scripts = scripts
        self._inbox = inbox
        self._collections = {tenant: tuple(names) for tenant, names in collections.items()}
        self._sinks = {name: int(longest_wait(options) * 1000) for name, options in sinks.items()}
        self._breakers = BreakerStore(scripts)

    async def find(self) -> list[Finding]:
        """What is to be woken: (`ingest`, `delta`, `dispatch`, `retry` or `replay`, partition, collection or sink)."""
        partitions = [p for tenant in self._collections for p in self._inbox.all(tenant)]
        answers = await self._scripts.run_many([self._call(p) for p in partitions])
        found: dict[tuple[str, str, str], Finding] = {}
        for partition, answer in zip(partitions, answers, strict=True):
            if isinstance(answer, Exception):
                raise answer
            for kind, name in zip(answer[::2], answer[1::2], strict=True):
                what, about = kind.decode(), name.decode()
                # One delta serves all partitions of the tenant.
                where = partition.tenant if what == "delta" else str(partition)
                found[what, where, about] = (what, partition, about)
        return await self._allowed(list(found.values()))

    async def _allowed(self, found: list[Finding]) -> list[Finding]:
        """A sink that is away is tried by one lane at a time."""
        if not any(about in self._sinks for _, _, about in found):
            return found
        breakers = await self._breakers.all(self._sinks)
        return allowed(found, breakers, now_ms(), _CHANCE.choice)

    def _call(self, p: Partition) -> Call:
        collections = self._collections[p.tenant]
        keys = [p.inbox, p.lease, p.woken, p.counts, p.through, p.waiting(BULK)]
        keys += [p.waiting(c) for c in collections]
        for sink in self._sinks:
            keys += [
                p.of_sink(kind, sink) for kind in ("cursor", "lease", "due", "retrying", "hold", "replay")
            ]
        args: list[Argument] = [
            now_ms(),
            WOKEN_MS,
            LEASE_MS,
            len(collections),
        ]
        for collection in collections:
            args += [collection, "1" if self._inbox.waits(p.tenant, collection) else "0"]
        for sink, longest_ms in self._sinks.items():
            args += [sink, longest_ms]
        return Call("sweep", keys, args)


def send(wake: Wake, what: str, partition: Partition, about: str) -> None:
    """Sends one finding of the sweep as a wake-up."""
    match what:
        case "ingest":
            wake.ingest(partition)
        case "delta":
            wake.delta(partition.tenant, about)
        case "dispatch":
            wake.dispatch(partition, about)
        case "retry":
            wake.retry(partition, about)
        case "replay":
            wake.replay(partition, about)

"""The figures of the whole installation, read from the store when they are asked for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from workers.events import Event
from workers.store.delta_metrics import delta_families, gauge
from workers.store.deltas import DeltaStates
from workers.store.inbox import BULK, Inbox
from workers.store.keys import Partition
from workers.store.ledger import Ledger, Row
from workers.store.progress import ProgressStore
from workers.store.scripts import Scripts
from workers.store.sink_states import SinkStates
from workers.store.stops import Stops


class Overview:
    def __init__(
        self,
        scripts: Scripts,
        inbox: Inbox,
        ledger: Ledger,
        deltas: DeltaStates,
        stops: Stops,
        collections: Mapping[str, Iterable[str]],
        delta_lives: Mapping[str, float],
        sinks: Iterable[str],
        sink_states: SinkStates,
        reconciled: Mapping[str, Iterable[str]],
    ) -> None:
        """`reconciled`: the collections that are compared on a schedule."""
        self._redis = scripts.redis
        self._progress = ProgressStore(scripts)
        self._inbox = inbox
        self._ledger = ledger
        self._deltas = deltas
        self._stops = stops
        self._collections = collections
        self._delta_lives = delta_lives
        self._sinks = tuple(sinks)
        self._sink_states = sink_states
        self._compared = reconciled

    async def metrics(self) -> list[Metric]:
        """Prometheus families. Raises `redis.exceptions.RedisError`."""
        families = [
            *_ledger_families(await self._ledger.rows(self._sinks)),
            *await self._sink_states.metrics(),
        ]
        for tenant in self._collections:
            families += await self._tenant(tenant)
        return _merged(families)

    async def _tenant(self, tenant: str) -> list[Metric]:
        partitions = self._inbox.all(tenant)
        counts = await self._counts(partitions)
        backlog, oldest = await self._backlog(partitions, tenant)
        return [
            *_count_families(tenant, counts),
            gauge(
                "shiftwire_backlog",
                "Changes that wait, by stage",
                {(tenant, "ingest"): backlog},
                "tenant",
                "stage",
            ),
            gauge(
                "shiftwire_oldest_seconds",
                "Age of the oldest change that waits, by stage",
                {(tenant, "ingest"): oldest, (tenant, "dispatch"): await self._oldest_event(partitions)},
                "tenant",
                "stage",
            ),
            *await self._deltas_and_stops(tenant),
            await self._reconciled(tenant),
        ]

    async def _counts(self, partitions: list[Partition]) -> Counter[str]:
        pipe = self._redis.pipeline(transaction=False)
        for partition in partitions:
            pipe.hgetall(partition.counts)
        total: Counter[str] = Counter()
        for found in await pipe.execute():
            total.update({name.decode(): int(value) for name, value in found.items()})
        return total

    async def _backlog(self, partitions: list[Partition], tenant: str) -> tuple[int, float]:
        pipe = self._redis.pipeline(transaction=False)
        for partition in partitions:
            for key in (partition.inbox, *(partition.waiting(c) for c in (BULK, *self._collections[tenant]))):
                pipe.xlen(key)
                pipe.xrange(key, count=1)
        answers = await pipe.execute()
        ages = [_age(rows[0][0]) for rows in answers[1::2] if rows]
        return sum(answers[::2]), max(ages, default=0.0)

    async def _oldest_event(self, partitions: list[Partition]) -> float:
        """Of the events that some sink still has to get, parked ones aside."""
        lanes = [(partition, sink) for partition in partitions for sink in self._sinks]
        pipe = self._redis.pipeline(transaction=False)
        for partition, sink in lanes:
            pipe.get(partition.of_sink("cursor", sink))
        cursors = await pipe.execute()
        for (partition, _), cursor in zip(lanes, cursors, strict=True):
            pipe.xrange(partition.events, f"({int(cursor or 0)}-0", count=1)
        first = [fields[b"e"] for found in await pipe.execute() for _, fields in found]
        return max((_event_age(Event(json)) for json in set(first)), default=0.0)

    async def _deltas_and_stops(self, tenant: str) -> list[Metric]:
        states = {c: await self._deltas.get(tenant, c) for c in self._collections[tenant]}
        stops = await self._stops.all(tenant)
        return delta_families(tenant, states, self._delta_lives[tenant], stops, time.time())

    async def _reconciled(self, tenant: str) -> Metric:
        """One that never came to its end counts from when it was due for the first time."""
        last = {
            c: (await self._progress.get(tenant, f"reconciled:{c}")).finished_at
            for c in self._compared[tenant]
        }
        ages: dict[tuple[str, ...], float] = {
            (tenant, c): max(0.0, time.time() - at) for c, at in last.items() if at
        }
        text = "Since the collection was last compared with Protime on its schedule"
        return gauge("shiftwire_reconcile_age_seconds", text, ages, "tenant", "collection")


def _age(entry_id: bytes) -> float:
    return max(0.0, time.time() - int(entry_id.partition(b"-")[0]) / 1000)


def _event_age(event: Event) -> float:
    return max(0.0, time.time() - datetime.fromisoformat(event.head.time).timestamp())


def _ledger_families(rows: list[Row]) -> Iterator[Metric]:
    in_flight: dict[tuple[str, ...], float] = {(r.tenant, r.sink): r.in_flight for r in rows}
    imbalance: dict[tuple[str, ...], float] = {(r.tenant, r.sink): r.imbalance for r in rows}
    missed = "Changes the ledger misses (anything but 0 is a defect)"
    yield gauge("shiftwire_in_flight", "Changes on their way to a sink", in_flight, "tenant", "sink")
    yield gauge("shiftwire_ledger_imbalance", missed, imbalance, "tenant", "sink")


_DECIDED = {"applied": "applied", "superseded": "superseded", "rejected": "rejected"}
#: Counter → metric. A dead letter that is handed back counts no more, so those are a gauge.
_PER_SINK: dict[str, tuple[str, type[CounterMetricFamily | GaugeMetricFamily]]] = {
    "delivered": ("shiftwire_delivered", CounterMetricFamily),
    "filtered": ("shiftwire_filtered", CounterMetricFamily),
    "dead": ("shiftwire_dead_letters", GaugeMetricFamily),
}


def _count_families(tenant: str, counts: Mapping[str, int]) -> Iterator[Metric]:
    received = CounterMetricFamily(
        "shiftwire_received", "Changes received, by channel", labels=("tenant", "origin")
    )
    gate = CounterMetricFamily("shiftwire_gate", "Decisions of the gate", labels=("tenant", "decision"))
    for name, value in counts.items():
        kind, _, about = name.partition(":")
        if kind == "received":
            received.add_metric((tenant, about), value)
        if name in _DECIDED:
            gate.add_metric((tenant, name), value)
    yield received
    yield gate
    for kind, (metric, family) in _PER_SINK.items():
        events = family(metric, f"Events {kind}, by sink", labels=("tenant", "sink"))
        for name, value in counts.items():
            if name.startswith(f"{kind}:"):
                events.add_metric((tenant, name.partition(":")[2]), value)
        yield events


def _merged(families: list[Metric]) -> list[Metric]:
    """Families of several tenants under one name each."""
    merged: dict[str, Metric] = {}
    for family in families:
        if family.name in merged:
            merged[family.name].samples += family.samples
        else:
            merged[family.name] = family
    return list(merged.values())

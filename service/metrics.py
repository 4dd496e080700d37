"""What this process counts itself; what the store counts is added when somebody asks (`workers.store.overview`).

Plain numbers, turned into Prometheus families when they are read: a request pays for an addition, not for a library.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)


class Metrics(Collector):
    """The receiver's own figures, in a registry of their own."""

    def __init__(self) -> None:
        self._answers: dict[int, int] = {}
        self._accepted: dict[tuple[str, str], int] = {}
        self._acks = [0] * (len(_BUCKETS) + 1)
        self._ack_seconds = 0.0
        self.registry = CollectorRegistry()
        self.registry.register(self)

    def accepted(self, tenant: str, collection: str, changes: int, seconds: float) -> None:
        self._answers[202] = self._answers.get(202, 0) + 1
        about = (tenant, collection)
        self._accepted[about] = self._accepted.get(about, 0) + changes
        self._acks[bisect_left(_BUCKETS, seconds)] += 1
        self._ack_seconds += seconds

    def refused(self, status: int) -> None:
        self._answers[status] = self._answers.get(status, 0) + 1

    def collect(self) -> Iterable[Metric]:
        requests = CounterMetricFamily(
            "shiftwire_webhook_requests", "Webhook requests by answer", labels=["status"]
        )
        for status, count in self._answers.items():
            requests.add_metric([str(status)], count)
        accepted = CounterMetricFamily(
            "shiftwire_accepted", "Changes accepted by webhook", labels=["tenant", "collection"]
        )
        for about, count in self._accepted.items():
            accepted.add_metric(about, count)
        acks = HistogramMetricFamily("shiftwire_ack_seconds", "From request to 202")
        acks.add_metric([], self._cumulated(), self._ack_seconds)
        return (requests, accepted, acks)

    def _cumulated(self) -> list[tuple[str, float]]:
        total, buckets = 0, []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self._acks, strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets

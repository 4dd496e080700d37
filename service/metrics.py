"""What this process counts itself; what the store counts is added when somebody asks (`workers.store.overview`)."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

_ACK_BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5)


class Metrics:
    """The receiver's own figures, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "shiftwire_webhook_requests", "Webhook requests by answer", ["status"], registry=self.registry
        )
        self._accepted = Counter(
            "shiftwire_accepted",
            "Changes accepted by webhook",
            ["tenant", "collection"],
            registry=self.registry,
        )
        self._ack = Histogram(
            "shiftwire_ack_seconds", "From request to 202", buckets=_ACK_BUCKETS, registry=self.registry
        )
        self._ok = self._requests.labels("202")

    def accepted(self, tenant: str, collection: str, changes: int, seconds: float) -> None:
        self._ok.inc()
        self._accepted.labels(tenant, collection).inc(changes)
        self._ack.observe(seconds)

    def refused(self, status: int) -> None:
        self._requests.labels(str(status)).inc()

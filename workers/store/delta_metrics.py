"""What the metrics tell about the deltas of a tenant, and about collections that Protime refuses: pure."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client.core import GaugeMetricFamily, Metric

from workers.store.deltas import DeltaState
from workers.store.stops import Stop

#: Past this part of its life a delta that is not pulled is an alarm: 24 of its 72 hours.
ALARM = 1 / 3


def delta_families(
    tenant: str, states: Mapping[str, DeltaState], life: float, stops: Mapping[str, Stop], now: float
) -> list[Metric]:
    """`life` in seconds, `now` in Unix seconds. A delta that was never tried tells nothing."""
    ages = {c: now - state.known_at for c, state in states.items() if state.known_at}

    def family(name: str, text: str, values: Mapping[str, float]) -> Metric:
        return gauge(name, text, {(tenant, c): v for c, v in values.items()}, "tenant", "collection")

    return [
        family("shiftwire_delta_age_seconds", "Since the delta was last pulled", ages),
        family(
            "shiftwire_delta_alarm",
            "1 when a delta was not pulled for a third of its life",
            {c: float(age > life * ALARM) for c, age in ages.items()},
        ),
        family(
            "shiftwire_delta_superseded",
            "How often in a row another client took the delta over",
            {c: state.superseded for c, state in states.items() if state.superseded},
        ),
        family(
            "shiftwire_stopped",
            "1 for a collection that Protime refuses to this client, whose list it does not give, or that gets no webhook; the log says why",
            dict.fromkeys(stops, 1.0),
        ),
    ]


def gauge(name: str, text: str, values: Mapping[tuple[str, ...], float], *labels: str) -> Metric:
    found = GaugeMetricFamily(name, text, labels=labels)
    for at, value in values.items():
        found.add_metric(at, value)
    return found

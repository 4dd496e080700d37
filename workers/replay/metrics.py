"""What the metrics tell about replays: of each tenant and sink those under way, or else the newest."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from prometheus_client.core import Metric

from workers.store.delta_metrics import gauge
from workers.store.inbox import Inbox
from workers.store.replays import Replay, Replays

Figures = dict[tuple[str, ...], float]


async def replay_families(
    replays: Replays, inbox: Inbox, tenants: Iterable[str], sinks: Sequence[str]
) -> list[Metric]:
    """At most six samples for each tenant and sink. Raises `redis.exceptions.RedisError`."""
    events: Figures = {}
    remaining: Figures = {}
    ages: Figures = {}
    for at in [(tenant, sink) for tenant in tenants for sink in sinks]:
        shown = _shown(await replays.all(at[1], inbox.all(at[0]), lines=0))
        for replay in shown:
            for outcome, count in replay.counts.items():
                events[*at, outcome] = events.get((*at, outcome), 0) + count
        under_way = [replay for replay in shown if replay.state == "running"]
        if shown:
            remaining[at] = sum(replay.total - replay.looked_at for replay in under_way)
        if under_way:
            ages[at] = max(0.0, time.time() - min(replay.ordered for replay in under_way).timestamp())
    return _families(events, remaining, ages)


def _shown(known: list[Replay]) -> list[Replay]:
    """Several are under way at a time where each is of other records."""
    return [replay for replay in known if replay.state == "running"] or known[-1:]


def _families(events: Figures, remaining: Figures, ages: Figures) -> list[Metric]:
    about = "tenant", "sink"
    return [
        gauge(
            "shiftwire_replay_events",
            "Events of the replay under way, or of the newest one, by what became of them",
            events,
            *about,
            "outcome",
        ),
        gauge(
            "shiftwire_replay_remaining",
            "Events of the log that the replay under way still has to look at",
            remaining,
            *about,
        ),
        gauge("shiftwire_replay_age_seconds", "Since the replay under way was ordered", ages, *about),
    ]

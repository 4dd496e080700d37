"""What an answer of a sink says about the sink itself, and when somebody should be warned: pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from workers.sinks.base import CLOSED, Failure

#: Failures in a row, over all partitions and workers, that open a breaker.
OPENS_AT = 5
#: So many deliveries in a row that failed for their events alone say as much as one sink that was away.
DOUBTS_IN_A_ROW = 5
#: So much later than new events, events that wait for a retry may be the probe: one of them may be what hangs the sink.
RETRY_GRACE_MS = 600
#: Percent of the budget by age at which an absent sink is warned of.
LEVELS = (50, 70, 90, 100)


class Verdict(NamedTuple):
    """`alive`: the sink took or refused an event; `away`: why it is away; `doubt`: why an event failed for now."""

    alive: bool = False
    away: Failure | None = None
    doubt: Failure | None = None


def verdict(count: int, failures: Mapping[int, Failure]) -> Verdict:
    """Of one delivery of `count` events. A sink that this process has closed itself says nothing."""
    found = [failure for failure in failures.values() if failure != CLOSED]
    refused = any(f.permanent and f.scope == "event" for f in found)
    away = next((f for f in found if f.scope == "sink"), None)
    doubt = next((f for f in found if f.scope == "event" and not f.permanent), None)
    return Verdict(len(failures) < count or refused, away, doubt)


def level(used: float) -> int:
    """The highest level that a part of the budget (1: all of it) has reached, 0 for none."""
    return max((at for at in LEVELS if used * 100 >= at), default=0)

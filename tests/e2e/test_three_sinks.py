"""One resource that fails on one of three sinks, in the middle of ten thousand events."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.e2e.installation import PAYLOAD, Installation, until
from tests.e2e.promises import overtaken
from tests.e2e.subscriber import SECRET, Subscriber

CHANGES, PER_SECOND = 10_000, 800
#: How much later than at the healthy sinks the other resources may be through at the ill one.
LATER_SECONDS = 3.0


def hook(subscriber: Subscriber) -> dict[str, Any]:
    target = {"url": subscriber.url, "secret": SECRET, "allow_private_addresses": True, "batch": 50}
    return {"type": "webhook", **target, "retry": {"min_seconds": 0.2, "max_seconds": 1}}


@pytest.mark.e2e
@pytest.mark.slow
def test_everything_else_flows_and_what_was_held_back_comes_in_order(install, figures):
    ill, *healthy = sinks = [Subscriber() for _ in range(3)]
    named = {f"sink{number}": hook(s) for number, s in enumerate(sinks)}
    installation: Installation = install(collections=PAYLOAD, extra={"sinks": named})
    installation.start_all()
    protime = installation.protime
    ids = protime.generate(count=200, changes=1)
    until(lambda: all(len(s.last()) == 200 for s in sinks), 20, "all sinks know all resources")
    stuck = f"assignments/{ids[7]}"
    ill.refuse(stuck, 500)
    held_from = len(ill.of(ids[7]))
    protime.generate(resources=ids, changes=CHANGES, per_second=PER_SECOND)
    until(protime.quiet, 60, "all notifications are sent")
    done = [through(s, protime.state(), stuck if s is ill else None) for s in sinks]
    later = done[0] - max(done[1:])
    assert len(ill.of(ids[7])) == held_from
    assert later < LATER_SECONDS

    # It heals while new changes of it come: those must not overtake what waits.
    protime.generate(resources=[ids[7]], changes=60, per_second=60)
    ill.heal()
    until(protime.quiet, 20, "the last notifications are sent")
    for subscriber in sinks:
        through(subscriber, protime.state(), None)
    counts = {(row["sink"], row["in_flight"], row["dead_lettered"]) for row in installation.json("ledger")}
    assert counts == {(name, 0, 0) for name in named}
    for subscriber in sinks:
        assert overtaken([event for _, event in subscriber.first_deliveries()]) == []
    for subscriber in healthy:
        assert [i for i, n in Counter(e["id"] for e in subscriber.events).items() if n > 1] == []
    came = {s: {e["id"] for e in s.events} for s in sinks}
    assert came[ill] == came[healthy[0]] == came[healthy[1]]
    figures(
        f"{len(came[ill])} events: the others at the ill sink were through {later:+.2f} s after the healthy sinks"
    )
    for subscriber in sinks:
        assert subscriber.bad_signatures == 0
        subscriber.close()


def through(subscriber: Subscriber, truth: dict[str, Any], but: str | None) -> float:
    """Waits until the sink has the newest version of every resource; returns when the last of them came."""
    wanted = {name: entry["changeVersion"] for name, entry in truth.items() if name != but}

    def there() -> bool:
        return wanted.items() <= {name: e["sequence"] for name, e in subscriber.last().items()}.items()

    until(there, 60, "all but the stuck resource are through")
    return max(at for at, event in subscriber.first_deliveries() if event["subject"] != but)

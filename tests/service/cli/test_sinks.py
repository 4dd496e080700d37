from __future__ import annotations

import time
from typing import Any

from redis.asyncio import Redis

from tests.service.cli.past import Installation
from workers.store.breakers import BreakerStore
from workers.store.scripts import Scripts

KEYS = {
    "sink",
    "state",
    "since",
    "reason",
    "attempts",
    "next_try",
    "budget_used",
    "parked",
    "dead_lettered",
    "lag",
}


def states(installation: Installation) -> dict[str, dict[str, Any]]:
    return {row["sink"]: row for row in installation.shiftwire("sinks", "--json").json()}


def test_a_sink_that_takes_events_is_closed(installation: Installation) -> None:
    found = states(installation)
    assert set(found) == {"archive", "picky"}
    archive, picky = found["archive"], found["picky"]
    assert set(archive) == KEYS
    assert (archive["state"], archive["since"], archive["reason"], archive["lag"]) == (
        "closed",
        None,
        None,
        0,
    )
    assert (picky["state"], picky["dead_lettered"]) == ("closed", 1)


def test_a_sink_that_is_away_says_since_when_and_why(own_installation: Installation) -> None:
    now = int(time.time() * 1000)

    async def go_away(redis: Redis) -> None:
        store = BreakerStore(Scripts(redis))
        until, reason = now + 60_000, "HTTP 503 [busy]"
        since = now - 8_640_000  # a tenth of a day, the budget of this sink
        await store.failed("picky", since, probe=False, opens_at=1, until_ms=until, reason=reason, level=0)

    own_installation.redis(go_away)
    picky = states(own_installation)["picky"]
    assert (picky["state"], picky["reason"], picky["attempts"]) == ("open", "HTTP 503 [busy]", 1)
    assert 0.1 <= picky["budget_used"] < 0.11
    assert picky["since"] < picky["next_try"]
    lines = own_installation.shiftwire("sinks").out.splitlines()
    assert len(lines) == 4
    assert "HTTP 503 [busy]" in lines[-1]
    assert "10%" in lines[-1]

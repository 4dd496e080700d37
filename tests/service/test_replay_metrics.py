"""What Prometheus sees of replays."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from service.health import FRESH_SECONDS
from tests.service.event_log import EventLog
from tests.service.replayed import (
    ARCHIVE,
    CANCEL,
    post,
    work_off,
)
from tests.service.rig import config
from tests.service.test_health import samples
from workers.replay.conditions import Conditions
from workers.replay.metrics import replay_families
from workers.store.replays import Replay, Replays


async def test_metrics_tell_of_the_newest_replay_of_each_tenant_and_sink(
    operator: httpx.AsyncClient, data: dict[str, Any], redis: Redis
) -> None:
    assert not (await figures(operator)).get("shiftwire_replay_remaining")
    begun = time.monotonic()
    ordered = (await post(operator, **ARCHIVE, confirm=True)).json()
    found = await figures(operator)
    assert found["shiftwire_replay_remaining"] == {"sink=archive tenant=acme": ordered["total"]}
    assert (
        0 <= found["shiftwire_replay_age_seconds"]["sink=archive tenant=acme"] <= time.monotonic() - begun + 1
    )
    await work_off(config(data), data["store"]["url"])
    found = await figures(operator)
    assert found["shiftwire_replay_remaining"] == {"sink=archive tenant=acme": 0}
    assert found["shiftwire_replay_age_seconds"] == {}
    assert found["shiftwire_replay_events"] == {
        "outcome=delivered sink=archive tenant=acme": 4,
        "outcome=filtered sink=archive tenant=acme": 0,
        "outcome=skipped sink=archive tenant=acme": 0,
        "outcome=failed sink=archive tenant=acme": 0,
    }
    await post(operator, **ARCHIVE, confirm=True)
    assert (await figures(operator))["shiftwire_replay_remaining"] == {"sink=archive tenant=acme": 4}


class Halfway(Replays):
    """Two of different records are under way, and one is over."""

    async def all(self, sink: str, *_: Any, **__: Any) -> list[Replay]:
        at = datetime.now(UTC)
        ended = Replay("0", sink, "done", at - timedelta(hours=2), at, Conditions(), False, 9, 9)
        first = Replay("1", sink, "running", at - timedelta(hours=1), None, Conditions(), False, 50, 20)
        return [ended, first, Replay("2", sink, "running", at, None, Conditions(), False, 8, 7)]


async def test_metrics_add_up_the_replays_under_way(redis: Redis, log: EventLog) -> None:
    store = log.store
    families = await replay_families(Halfway(store.scripts), store.inbox, ["acme"], ["archive"])
    found = {family.name: [sample.value for sample in family.samples] for family in families}
    assert found["shiftwire_replay_remaining"] == [31]
    assert found["shiftwire_replay_age_seconds"] == [pytest.approx(3600, abs=30)]


async def test_five_replays_make_no_more_metrics_than_one(operator: httpx.AsyncClient) -> None:
    lines = []
    for _ in range(5):
        ordered = (await post(operator, **ARCHIVE, confirm=True)).json()
        await post(operator, CANCEL, **ARCHIVE, id=ordered["id"])
        lines.append(len((await scraped(operator)).splitlines()))
    assert len(set(lines)) == 1


async def figures(http: httpx.AsyncClient) -> dict[str, dict[str, float]]:
    return samples(await scraped(http))


async def scraped(http: httpx.AsyncClient) -> str:
    await asyncio.sleep(FRESH_SECONDS)  # what was read a moment ago is given once more
    return (await http.get("/metrics")).text

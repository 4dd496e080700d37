"""What a dry run says is what the replay then does."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.workers.replay.house import House, MemorySink, P
from workers.replay.conditions import Conditions
from workers.replay.estimate import Estimate, Estimator, estimate
from workers.replay.settling import wants
from workers.sinks.base import Filter

CREATED, UPDATED = (f"eu.myprotime.assignment.{change}.v1" for change in ("created", "updated"))


async def counted(house: House, conditions: Conditions, *, force: bool = False) -> Estimate:
    estimator = Estimator(conditions, wants(house.options.filter), force=force)
    return await estimate(house.log, house.replays, [P], "planning", estimator)


async def live(house: House) -> None:
    for resource, version, change, day in (
        (1, 1, "created", 1),
        (2, 1, "created", 1),
        (1, 2, "updated", 2),
        (3, 1, "created", 3),
        (3, 2, "deleted", 3),
    ):
        await house.write(resource, version, change, f"2026-03-0{day}T10:00:00.000Z")


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(),
        Conditions(types=(CREATED,)),
        Conditions(until_ms=1_772_409_600_000),
        Conditions(since_ms=1_772_409_600_000),
        Conditions(subject="assignments/3"),
        Conditions(collections=("clockings",)),
    ],
)
async def test_the_dry_run_counts_what_the_replay_delivers_and_skips(
    redis: Redis, conditions: Conditions, new: bool, force: bool
) -> None:
    house = House(redis, MemorySink(), filter=Filter(change=("created", "updated")))
    if not new:
        await house.lane.register()
    await live(house)
    if not new:
        await house.deliver_live()
    said = await counted(house, conditions, force=force)
    await house.order(conditions, force=force)
    did = await house.work_off()
    assert (said.events, said.overtaken, said.filtered) == (
        did.counts["delivered"],
        did.counts["skipped"],
        did.counts["filtered"],
    )
    assert len(house.sink.got) == said.events


async def test_it_names_types_and_the_span_of_time(house: House) -> None:
    await live(house)
    await house.deliver_live()
    said = await counted(house, Conditions(types=(CREATED, UPDATED)))
    assert said.by_type == {CREATED: 2, UPDATED: 1}
    assert (said.oldest, said.newest) == ("2026-03-01T10:00:00.000Z", "2026-03-02T10:00:00.000Z")
    assert said.overtaken == 1  # assignments/3 was deleted meanwhile


async def test_events_that_come_live_anyway_do_not_count(house: House) -> None:
    await live(house)
    assert (await counted(house, Conditions())).events == 0

"""A replay against a real Redis: what goes out, what is skipped, and that live traffic and the ledger do not notice."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from tests.workers.replay.house import EVERYTHING, House, MemorySink, P
from workers.clock import now_ms
from workers.events import Event
from workers.replay.conditions import Conditions
from workers.sinks.base import Failure, Filter
from workers.store.outcomes import Outcome, Park
from workers.store.replay_batches import ReplayBatches, Replayed
from workers.store.replays import ReplayUnderWay


async def past(house: House) -> None:
    """Three versions of one resource, one of another, all delivered."""
    for resource, version in ((1, 1), (2, 1), (1, 2), (1, 3)):
        await house.write(resource, version)
    await house.deliver_live()


async def test_everything_is_told_again_in_the_order_of_the_log_with_its_id_and_says_so(house: House) -> None:
    await past(house)
    await house.order()
    replay = await house.work_off()
    assert (replay.state, replay.counts["delivered"]) == ("done", 4)
    assert [t for t in house.sink.told if t.startswith("1/")] == ["1/01", "1/02", "1/03"]
    assert {e.head.origin for e in house.sink.got} == {"replay"}
    row = await house.books.row("acme", "planning")
    assert (row.balanced, row.delivered) == (True, 4)


async def test_more_than_a_batch_is_told_exactly_once(house: House) -> None:
    for number in range(1, 61):
        await house.write(number % 7, number)
    await house.deliver_live()
    await house.order()
    assert (await house.work_off()).counts["delivered"] == 60
    assert len(set(house.sink.told)) == len(house.sink.told) == 60


async def test_a_new_sink_gets_what_was_logged_before_it(redis: Redis) -> None:
    house = House(redis, MemorySink())
    await house.write(1, 1)
    await house.write(1, 2)
    await house.order(Conditions(types=("eu.myprotime.assignment.updated.v1",)))
    await house.work_off()
    assert house.sink.told == ["1/01", "1/02"]


async def test_an_old_version_does_not_go_out_after_a_newer_one_unless_asked(house: House) -> None:
    for force in (False, True):
        house.sink.got.clear()
        await house.redis.flushall()
        await house.lane.register()
        await past(house)
        await house.order(force=force)
        await house.write(1, 4)
        await house.deliver_live()
        replay = await house.work_off()
        if force:
            assert sorted(house.sink.told) == ["1/01", "1/02", "1/03", "2/01"]
        else:
            assert house.sink.told == ["2/01"]
            assert replay.counts["skipped"] == 3
            assert [line.id for line in replay.report] == [f"acme/assignments/1/0{n}" for n in (1, 2, 3)]


async def test_a_range_that_ends_before_the_newest_version_of_a_record_leaves_it_alone(house: House) -> None:
    await house.write(1, 1, time="2026-03-01T10:00:00.000Z")
    await house.write(2, 1, time="2026-03-01T10:00:00.000Z")
    await house.write(1, 2, time="2026-03-02T10:00:00.000Z")
    await house.deliver_live()
    await house.order(Conditions(until_ms=1_772_409_600_000))  # 2026-03-02
    await house.work_off()
    assert house.sink.told == ["2/01"]


async def test_a_newer_version_that_the_sink_did_not_want_overtakes_nothing(redis: Redis) -> None:
    house = House(redis, MemorySink(), filter=Filter(change=("created",)))
    await house.lane.register()
    await house.write(1, 1, "created")
    await house.deliver_live()
    await house.order()
    await house.write(1, 2, "updated")
    await house.deliver_live(lambda numbers: Outcome(numbers[-1], filtered=numbers))
    replay = await house.work_off()
    assert (house.sink.told, replay.counts["skipped"]) == (["1/01"], 0)


async def test_the_filter_of_the_sink_counts_in_a_replay(redis: Redis) -> None:
    house = House(redis, MemorySink(), filter=Filter(change=("created",), origins=("webhook",)))
    await house.lane.register()
    await house.write(1, 1, "created")
    await house.write(1, 2, "updated")
    await house.deliver_live()
    await house.order(force=True)
    replay = await house.work_off()
    assert (house.sink.told, replay.counts["filtered"]) == (["1/01"], 1)


async def test_what_waits_for_its_retry_comes_by_itself(house: House) -> None:
    await house.write(1, 1)
    await house.write(2, 1)
    later = now_ms() + 60_000
    await house.deliver_live(
        lambda _: Outcome(2, delivered=[2], parked=[Park(1, "assignments/1", 1, later, "HTTP 500")])
    )
    await house.order()
    replay = await house.work_off()
    assert house.sink.told == ["2/01"]
    assert [(line.id, line.reason) for line in replay.report] == [
        ("acme/assignments/1/01", "waits for its retry")
    ]
    assert await house.redis.exists(house.lane.retrying) == 0


async def test_while_retries_are_under_way_the_replay_waits(house: House) -> None:
    await house.write(1, 1)
    await house.deliver_live(lambda _: Outcome(1, parked=[Park(1, "assignments/1", 1, 0, "HTTP 500")]))
    await house.order()
    assert await house.lane.read_parked("retry")
    await house.wake()
    assert (await house.state()).state == "running"
    await house.redis.delete(house.lane.retrying)
    assert (await house.work_off()).state == "done"


async def test_live_events_go_first_and_are_not_passed_over(house: House) -> None:
    await past(house)
    await house.order()
    await house.write(3, 1)
    await house.wake()
    assert house.sink.got == []
    await house.deliver_live()
    await house.work_off()
    assert len(house.sink.got) == 4


async def test_live_events_that_came_during_a_batch_get_going_after_it(house: House) -> None:
    await past(house)
    await house.order()

    class Meanwhile(MemorySink):
        async def deliver(self, events):
            if not self.got:
                await house.write(3, 1)
                assert await house.lane.read("live", 10) is None
            return await super().deliver(events)

    house.sink = Meanwhile()
    await house.wake()
    assert house.dispatched == ["planning"]
    assert await house.lane.read("live", 10) is not None


@pytest.mark.parametrize(
    ("permanent", "why"), [(True, "HTTP 422"), (False, "gave up after 2 attempts: HTTP 422")]
)
async def test_what_fails_is_named_with_its_reason_and_the_rest_goes_on(
    redis: Redis, permanent: bool, why: str
) -> None:
    def fails(told: Event) -> Failure | None:
        return Failure("HTTP 422", permanent=permanent) if told.id.endswith("/1/02") else None

    house = House(redis, MemorySink(fails))
    await house.lane.register()
    await past(house)
    await house.order()
    replay = await house.work_off()
    assert [(line.id, line.outcome, line.reason) for line in replay.report] == [
        ("acme/assignments/1/02", "failed", why)
    ]
    assert house.sink.told == ["1/01", "2/01", "1/03"]
    assert replay.counts["delivered"] == 3
    row = await house.books.row("acme", "planning")
    assert (row.balanced, row.dead_lettered) == (True, 0)


async def test_a_sink_that_is_away_is_waited_for(house: House) -> None:
    await past(house)
    away = [Failure("connection refused", scope="sink")] * 2
    house.sink.fails = lambda _: away.pop() if away else None
    await house.order()
    replay = await house.work_off()
    assert (replay.counts["delivered"], replay.counts["failed"]) == (4, 0)
    assert replay.waits_for == ""


async def test_an_event_that_makes_the_sink_hang_fails_alone_in_the_end(redis: Redis) -> None:
    house = House(
        redis,
        MemorySink(lambda e: Failure("timed out", scope="sink") if e.id.endswith("/1/01") else None),
    )
    await house.lane.register()
    await past(house)
    await house.order()
    replay = await house.work_off()
    assert [line.id for line in replay.report] == ["acme/assignments/1/01"]
    assert sorted(house.sink.told) == ["1/02", "1/03", "2/01"]


async def test_a_batch_that_was_never_noted_is_told_again_by_another_worker(house: House) -> None:
    await past(house)
    await house.order()

    class Killed(MemorySink):
        async def deliver(self, events):
            await super().deliver(events)
            raise RuntimeError("as if the process were gone")

    whole = house.sink
    house.sink = Killed()
    await house.wake()
    assert house.sink.got
    house.sink = whole
    await house.redis.hset(P.of_sink("replay", "planning"), "due", "0")
    await house.work_off()
    assert len(house.sink.got) == 4


async def test_a_cancelled_replay_ends_and_makes_room_for_the_next(house: House) -> None:
    await past(house)
    first = await house.order()
    with pytest.raises(ReplayUnderWay):
        await house.order()
    assert await house.replays.cancel(first, "planning", [P])
    assert not await house.replays.cancel(first, "planning", [P])
    await house.wake()
    assert house.sink.got == []
    await house.order()
    assert (await house.work_off()).counts["delivered"] == 4


async def test_the_sweep_finds_a_replay_that_nobody_is_at(house: House) -> None:
    await past(house)
    assert await house.sweep.find() == []
    await house.order()
    assert await house.sweep.find() == [("replay", P, "planning")]
    await house.wake()
    await house.redis.hset(
        P.of_sink("replay", "planning"), mapping={"state": "running", "due": now_ms() + 5000}
    )
    assert await house.sweep.find() == []


async def test_the_life_of_an_event_tells_of_its_replay(house: House) -> None:
    await past(house)
    await house.order()
    await house.work_off()
    found = await house.log.find("acme/assignments/1/02")
    assert found is not None
    life = await house.log.life(found, ["planning"])
    assert "replayed" in {step["outcome"] for step in life.deliveries}


async def test_a_newer_version_that_waits_for_its_retry_overtakes_nothing(house: House) -> None:
    await house.write(1, 1)
    await house.deliver_live()
    await house.order()
    await house.write(1, 2)
    later = now_ms() + 60_000
    await house.deliver_live(lambda _: Outcome(2, parked=[Park(2, "assignments/1", 1, later, "HTTP 500")]))
    await house.work_off()
    assert house.sink.told == ["1/01"]


async def test_nothing_goes_out_while_somebody_has_the_lane(house: House) -> None:
    await past(house)
    await house.order()
    await house.redis.set(house.lane.lease, "live")
    await house.wake()
    assert house.sink.got == []
    await house.redis.delete(house.lane.lease)
    assert (await house.work_off()).counts["delivered"] == 4


async def test_a_sink_for_replays_alone_gets_them(redis: Redis) -> None:
    house = House(redis, MemorySink(), filter=Filter(origins=("replay",)))
    await house.lane.register()
    await past(house)
    await house.order()
    assert (await house.work_off()).counts["delivered"] == 4


async def test_what_a_replay_has_told_counts_as_given_for_the_next_one(redis: Redis) -> None:
    house = House(redis, MemorySink())
    await house.write(1, 1, time="2026-03-01T10:00:00.000Z")
    await house.write(1, 2, time="2026-03-02T10:00:00.000Z")
    early = Conditions(until_ms=1_772_409_600_000)  # 2026-03-02
    for conditions, told in ((early, ["1/01"]), (EVERYTHING, ["1/01", "1/02"]), (early, [])):
        house.sink.got.clear()
        await house.order(conditions)
        await house.work_off()
        assert house.sink.told == told


async def test_a_batch_that_somebody_else_has_noted_meanwhile_is_not_counted(house: House) -> None:
    await past(house)
    await house.order()
    batches = ReplayBatches(house.scripts, house.lane)
    batch = await batches.read(("a", "b"), "me", 10)
    assert not isinstance(batch, bool)
    done = Replayed(next=batch.next + 1, delivered=[batch.next])
    assert await batches.commit(("a", "b"), batch, done) == (True, 0)
    assert await batches.commit(("a", "b"), batch, done) == (False, 0)
    assert (await house.state()).counts["delivered"] == 1


async def test_an_open_breaker_costs_no_attempts(house: House) -> None:
    await past(house)
    house.sink.fails = lambda _: Failure("connection refused", scope="sink")
    await house.order()
    for _ in range(12):
        await house.wake()
    assert (await house.state()).counts["failed"] == 0
    house.sink.fails = lambda _: None
    assert (await house.work_off()).counts["delivered"] == 4

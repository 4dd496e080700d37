"""A sink's cursor, parked resources and dead letters against a real Redis; the ledger balances after every step."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from workers.clock import now_ms
from workers.store.dead_letters import DeadLetters, UnknownDeadLetter
from workers.store.delivery_journal import in_ranges, ranges
from workers.store.gate import Apply, Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.ledger import Ledger, Row
from workers.store.outcomes import Dead, Hold, Outcome, Park, Reading, Retried
from workers.store.scripts import Scripts

P = Partition("acme", 0)


class House:
    """One partition, one sink, and events from 1 on."""

    def __init__(self, redis: Redis) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        self.gate = Gate(scripts)
        self.lane = Lane(scripts, P, "planning")
        self.books = Ledger(scripts, self.inbox, {"acme": ["assignments"]})
        self.dead_letters = DeadLetters(scripts, self.inbox)

    async def log(self, *resources: int) -> None:
        for resource in resources:
            name = f"assignments/{resource}"
            await self.inbox.append("acme", "webhook", [Arrival(name, "01", deleted=False, data=b"{}")])
            batch = await self.inbox.read(P, "me")
            assert batch is not None
            state = batch.states.get(name)
            expected = str(state.number) if state else "0"
            operation = Apply(
                name,
                batch.entries[0].id,
                expected,
                "01",
                deleted=False,
                body=b"{}",
                event=b'{"of":%d}' % resource,
            )
            await self.gate.pass_through(P, [operation])
        await self.inbox.leave(P, "me")

    async def read(self, token: str = "me") -> Reading:
        reading = await self.lane.read(token, 100)
        assert isinstance(reading, Reading)
        return reading

    async def row(self) -> Row:
        row = await self.books.row("acme", "planning")
        assert row.balanced, row
        return row


@pytest.fixture
async def house(redis: Redis) -> House:
    house = House(redis)
    await house.lane.register()
    return house


def park(number: int, resource: int, *, due: int = 0, error: str = "HTTP 500") -> Park:
    return Park(number, f"assignments/{resource}", 1, due, error)


async def test_delivered_events_move_the_cursor_and_the_ledger(house: House) -> None:
    await house.log(1, 2)
    assert (await house.row()).in_flight == 2
    assert [e.number for e in (await house.read()).events] == [1, 2]
    assert await house.lane.commit("me", 0, Outcome(2, delivered=[1], filtered=[2])) == 0
    row = await house.row()
    assert (row.delivered, row.filtered, row.in_flight) == (1, 1, 0)


async def test_a_commit_over_events_that_the_store_has_forgotten_changes_nothing(house: House) -> None:
    """The file of Redis had lost its end: numbers are given a second time, to other events."""
    await house.log(1)
    before = {key: await house.redis.dump(key) for key in await house.redis.keys()}
    await house.log(2, 3)
    reading, outcome = await house.read(), Outcome(3, delivered=[1, 2, 3])
    await house.redis.flushall()
    for key, value in before.items():
        await house.redis.restore(key, 0, value)
    assert await house.lane.commit("me", 0, outcome, reading.events) == -1
    await house.log(4, 5)
    assert await house.lane.commit("me", 0, outcome, reading.events) == -1
    assert (await house.row()).in_flight == 3
    again = await house.read()
    assert [e.resource for e in again.events] == ["assignments/1", "assignments/4", "assignments/5"]
    assert await house.lane.commit("me", 0, outcome, again.events) == 0


async def test_a_commit_from_an_old_cursor_changes_nothing(house: House) -> None:
    await house.log(1, 2)
    await house.lane.commit("me", 0, Outcome(1, delivered=[1]))
    assert await house.lane.commit("frozen", 0, Outcome(2, delivered=[1, 2])) == -1
    assert (await house.row()).delivered == 1


async def test_another_worker_does_not_deliver_meanwhile(house: House) -> None:
    await house.log(1)
    await house.read("me")
    assert await house.lane.read("you", 100) is None


async def test_a_held_sink_is_not_tried_before_its_time(house: House) -> None:
    await house.log(1)
    await house.read()
    later = now_ms() + 60_000
    await house.lane.commit("me", 0, Outcome(0, hold=Hold(later, 3, "away")))
    assert await house.lane.read("me", 100) == later
    await house.redis.hset(house.lane.hold, "until", "1")
    assert (await house.read()).attempts == 3


async def test_later_events_of_a_parked_resource_are_seen_to_wait(house: House) -> None:
    await house.log(1, 2)
    await house.read()
    await house.lane.commit("me", 0, Outcome(2, delivered=[2], parked=[park(1, 1)]))
    await house.log(1, 2)
    assert [(e.number, e.waits) for e in (await house.read()).events] == [(3, True), (4, False)]
    await house.lane.commit("me", 2, Outcome(4, delivered=[4], parked=[park(3, 1, error="")]))
    [waiting] = await house.lane.read_parked("me") or []
    assert [n for n, _ in waiting.events] == [1, 3]
    assert (await house.row()).in_flight == 2


async def test_retried_events_leave_the_parked_resource_in_order(house: House) -> None:
    await house.log(1, 1)
    await house.read()
    await house.lane.commit("me", 0, Outcome(2, parked=[park(1, 1), park(2, 1, error="")]))
    assert await house.lane.commit_retry(Retried("assignments/1", 1, [1], 1, 0, "HTTP 500", "", 2))
    assert (await house.row()).delivered == 1
    assert await house.lane.commit_retry(Retried("assignments/1", 2, [2]))
    row = await house.row()
    assert (row.delivered, row.in_flight) == (2, 0)
    assert await house.lane.read_parked("me") == []


@pytest.mark.parametrize(("kept", "now"), [(5000, False), (0, True)])
async def test_those_behind_a_dead_letter_have_waited_since_it_says(
    house: House, kept: int, now: bool
) -> None:
    await house.log(1, 1)
    await house.read()
    await house.lane.commit("me", 0, Outcome(2, parked=[park(1, 1), park(2, 1, error="")]))
    before = now_ms()
    dead = Retried("assignments/1", 1, [], 1, 0, "away", "waited too long", 1, since_ms=kept)
    assert await house.lane.commit_retry(dead)
    [waiting] = await house.lane.read_parked("me") or []
    assert [n for n, _ in waiting.events] == [2]
    assert (waiting.since_ms == kept, waiting.since_ms >= before) == (not now, now)


async def test_a_retry_that_somebody_else_noted_already_changes_nothing(house: House) -> None:
    await house.log(1)
    await house.read()
    await house.lane.commit("me", 0, Outcome(1, parked=[park(1, 1)]))
    assert await house.lane.commit_retry(Retried("assignments/1", 1, [1]))
    assert not await house.lane.commit_retry(Retried("assignments/1", 1, [1]))
    assert (await house.row()).delivered == 1


async def test_a_dead_letter_keeps_its_event_reason_and_last_error(house: House) -> None:
    await house.log(1)
    await house.read()
    await house.lane.commit(
        "me", 0, Outcome(1, dead=[Dead(1, "assignments/1", 1, "refused by the sink", "HTTP 422")])
    )
    [letter] = [x async for x in house.dead_letters.all("acme")]
    assert (letter.sink, letter.reason, letter.last_error) == ("planning", "refused by the sink", "HTTP 422")
    assert letter.event is not None
    assert letter.event.json == b'{"of":1}'
    assert (await house.row()).dead_lettered == 1


async def test_a_dead_letter_handed_back_waits_in_the_order_of_the_log(house: House) -> None:
    await house.log(1, 1)
    await house.read()
    dead = Dead(1, "assignments/1", 20, "gave up", "HTTP 500")
    await house.lane.commit("me", 0, Outcome(2, dead=[dead], parked=[park(2, 1, due=now_ms() + 60_000)]))
    [letter] = [x async for x in house.dead_letters.all("acme")]
    await house.dead_letters.retry(letter.id)
    [waiting] = await house.lane.read_parked("me") or []
    assert [n for n, _ in waiting.events] == [1, 2]
    assert (await house.row()).in_flight == 2
    with pytest.raises(UnknownDeadLetter):
        await house.dead_letters.retry(letter.id)


async def test_a_new_sink_starts_at_the_end_of_the_log_and_the_ledger_says_so(house: House) -> None:
    await house.log(1, 2)
    late = Lane(Scripts(house.redis), P, "late")
    await late.register()
    await late.register()
    row = await house.books.row("acme", "late")
    assert (row.balanced, row.filtered, row.in_flight) == (True, 2, 0)


def test_event_numbers_are_kept_as_ranges() -> None:
    text = ranges([3, 1, 2, 7, 9, 10])
    assert text == "1-3,7,9-10"
    assert [n for n in range(12) if in_ranges(text, n)] == [1, 2, 3, 7, 9, 10]


async def test_a_dead_letter_that_outlived_the_log_is_handed_back_with_its_own_event(house: House) -> None:
    await house.log(1, 2)
    await house.read()
    dead = Dead(1, "assignments/1", 3, "gave up after 3 attempts", "HTTP 500")
    await house.lane.commit("me", 0, Outcome(2, delivered=[2], dead=[dead]))
    await house.redis.xdel(P.events, "1-0")
    for _ in range(2):  # what fails once more is a whole letter again
        [letter] = [x async for x in house.dead_letters.all("acme")]
        assert letter.event is not None
        await house.dead_letters.retry(letter.id)
        [waiting] = await house.lane.read_parked("me") or []
        assert [(n, e.json if e else None) for n, e in waiting.events] == [(1, letter.event.json)]
        assert await house.lane.commit_retry(Retried("assignments/1", 1, [], 1, 0, "HTTP 422", "refused", 1))
        assert (await house.row()).dead_lettered == 1
    [letter] = [x async for x in house.dead_letters.all("acme")]
    await house.dead_letters.retry(letter.id)
    assert await house.lane.commit_retry(Retried("assignments/1", 1, [1]))
    row = await house.row()
    assert (row.delivered, row.dead_lettered, row.in_flight) == (2, 0, 0)
    assert not await house.redis.exists(house.lane.kept)


async def test_after_a_restart_of_the_store_nothing_is_read_from_before_the_commit(house: House) -> None:
    """The store has forgotten its scripts, and learned the one that reads again before the one that commits."""
    await house.log(1, 2, 3)
    reading = await house.lane.read("me", 2)
    assert isinstance(reading, Reading)
    await house.redis.script_flush()
    await house.lane.read("me", 2)
    outcome = Outcome(2, delivered=[1, 2])
    left, following = await house.lane.commit_and_read("me", 0, outcome, reading.events, 2)
    assert (left, following) == (1, None)
    left, following = await house.lane.commit_and_read("me", 2, Outcome(2), [], 2)
    assert isinstance(following, Reading)
    assert [e.number for e in following.events] == [3]

"""Retention on a real Redis: what is old goes and is counted, what somebody still needs stays."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

import msgspec
import pytest
from redis.asyncio import Redis

from workers import clock
from workers.store.gate import Apply, Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.ledger import Ledger
from workers.store.outcomes import Dead, Outcome, Park
from workers.store.purge import Purge
from workers.store.scripts import Scripts

P = Partition("acme", 0)
#: Everything is older than a day that has not come yet.
ALL = dict.fromkeys(("events", "journal", "dead", "deliveries"), -1)
NOTHING = dict.fromkeys(ALL, 36_500)


PAST, FUTURE = "2026-01-01T00:00:00.000Z", "2126-11-01T00:00:00.000Z"
#: An event of `PAST` may go.
OLD = dict.fromkeys(ALL, 1)


def event(number: int, time: str = PAST) -> bytes:
    names = (
        "id",
        "source",
        "type",
        "subject",
        "sequence",
        "partitionkey",
        "origin",
        "dataschema",
        "datacontenttype",
    )
    data = {"tenant": "acme", "collection": "assignments", "id": number, "change": "created"}
    return msgspec.json.encode({**dict.fromkeys(names, "x"), "time": time, "data": data})


class House:
    def __init__(self, redis: Redis) -> None:
        self.redis, scripts = redis, Scripts(redis)
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        self.gate = Gate(scripts)
        self.lane = Lane(scripts, P, "planning")
        self.books = Ledger(scripts, self.inbox, {"acme": ["assignments"]})

    async def log(self, count: int, times: Mapping[int, str] = MappingProxyType({})) -> None:
        for number in range(1, count + 1):
            name = f"assignments/{number}"
            await self.inbox.append("acme", "webhook", [Arrival(name, "01", deleted=False, data=b"{}")])
            batch = await self.inbox.read(P, "me")
            assert batch is not None
            operation = Apply(
                name, batch.entries[0].id, "0", "01", False, b"{}", event(number, times.get(number, PAST))
            )
            await self.gate.pass_through(P, [operation])
        await self.lane.read("me", count)

    async def purge(self, days: dict[str, int]) -> None:
        await Purge(self.redis, self.inbox, days, ["planning"]).tenant("acme")
        assert (await self.books.row("acme", "planning")).balanced

    async def events(self) -> list[int]:
        return [int(id_.partition(b"-")[0]) for id_, _ in await self.redis.xrange(P.events)]


@pytest.fixture
async def house(redis: Redis) -> House:
    made = House(redis)
    await made.lane.register()
    await made.log(5)
    return made


async def test_what_is_young_enough_stays(house: House) -> None:
    await house.lane.commit("me", 0, Outcome(5, delivered=[1, 2, 3, 4, 5]))
    await house.purge(NOTHING)
    assert await house.events() == [1, 2, 3, 4, 5]
    assert await house.redis.xlen(P.journal) == 5


async def test_delivered_events_go_but_the_newest_which_numbers_the_next(house: House) -> None:
    await house.lane.commit("me", 0, Outcome(5, delivered=[1, 2, 3, 4, 5]))
    await house.purge(ALL)
    assert await house.events() == [5]
    assert await house.redis.hget(P.counts, "purged:events") == b"4"


async def test_an_event_that_a_sink_has_not_got_stays_however_old(house: House) -> None:
    await house.lane.commit("me", 0, Outcome(2, delivered=[1, 2]))
    await house.purge(ALL)
    assert await house.events() == [3, 4, 5]


async def test_an_event_that_waits_for_a_retry_stays_however_old(house: House) -> None:
    waits = Park(2, "assignments/2", 1, 0, "HTTP 500")
    await house.lane.commit("me", 0, Outcome(5, delivered=[1, 3, 4, 5], parked=[waits]))
    await house.purge(ALL)
    assert await house.events() == [2, 3, 4, 5]


async def test_journals_and_dead_letters_go_and_are_counted(house: House) -> None:
    dead = Dead(1, "assignments/1", 1, "refused by the sink", "HTTP 422")
    await house.lane.commit("me", 0, Outcome(5, delivered=[2, 3, 4, 5], dead=[dead]))
    await house.purge(ALL)
    for key in (P.journal, P.dead, house.lane.deliveries):
        assert await house.redis.xlen(key) == 0
    counts = await house.redis.hgetall(P.counts)
    assert (counts[b"purged:journal"], counts[b"purged:dead"], counts[b"purged:deliveries"]) == (
        b"5",
        b"1",
        b"1",
    )
    assert (await house.books.row("acme", "planning")).dead_lettered == 1


async def delivered(redis: Redis, times: Mapping[int, str]) -> House:
    """Five events, all delivered, of these times."""
    house = House(redis)
    await house.lane.register()
    await house.log(5, times)
    await house.lane.commit("me", 0, Outcome(5, delivered=[1, 2, 3, 4, 5]))
    return house


@pytest.mark.parametrize("ahead", [{1}, {1, 2, 3}, {2, 4}])
async def test_an_event_dated_in_the_future_keeps_no_older_ones(redis: Redis, ahead: set[int]) -> None:
    """The clock of the store was ahead for a moment."""
    house = await delivered(redis, dict.fromkeys(ahead, FUTURE))
    await house.purge(OLD)
    assert await house.events() == ([5] if 4 not in ahead else [4, 5])


async def test_an_event_dated_in_the_future_stays_before_one_that_is_young(redis: Redis) -> None:
    """It came before that one, but nobody knows how long."""
    young = datetime.now(UTC).isoformat()
    house = await delivered(redis, {2: FUTURE, 3: FUTURE, 4: young, 5: young})
    await house.purge(OLD)
    assert await house.events() == [2, 3, 4, 5]


async def test_a_worker_whose_clock_is_years_ahead_purges_nothing_that_is_young(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Age is by the store's clock, which workers follow: a dead letter that is gone nobody can hand back."""
    dead = Dead(1, "assignments/1", 1, "refused by the sink", "HTTP 422")
    await house.lane.commit("me", 0, Outcome(5, delivered=[2, 3, 4, 5], dead=[dead]))
    monkeypatch.setattr(clock, "SHARED", clock.Clock())
    await clock.follow(house.redis, clock.SHARED)
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + 3 * 365 * 86_400)
    await house.purge(dict.fromkeys(NOTHING, 30))
    assert await house.redis.xlen(P.journal) == 5
    assert await house.redis.xlen(P.dead) == 1

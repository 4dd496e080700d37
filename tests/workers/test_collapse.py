"""A sink that wants the net change: the lanes of a worker on a real Redis; the ledger balances at every look."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from redis.asyncio import Redis

from tests.workers.test_deliver import event as deliverable
from workers.changes import TenantView
from workers.collapse import put_off
from workers.decisions import TenantIngest
from workers.delivery import Delivery
from workers.dispatch import Dispatcher
from workers.events import Event
from workers.ingest import Ingest
from workers.sinks.base import Failure, Filter, Retry, SinkOptions
from workers.sinks.collapse import Collapse
from workers.store.dead_letters import DeadLetters
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Entry, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Lease, Leases
from workers.store.ledger import Ledger, Row
from workers.store.log import Log
from workers.store.outcomes import Logged, Reading
from workers.store.scripts import Scripts

P = Partition("acme", 0)
SINK = "staff"
VIEW = TenantView(ZoneInfo("Europe/Brussels"), 168)
QUIET = 0.3
REFUSED = Failure("HTTP 422", permanent=True)
ERROR = Failure("HTTP 500")
AWAY = Failure("connection refused", scope="sink")


class Collecting:
    """Keeps what it gets, also of what it answers with the failures put into `answers`, one a delivery."""

    def __init__(self) -> None:
        self.calls: list[list[dict[str, Any]]] = []
        self.answers: list[Failure | None] = []
        self.killed_after = False

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        self.calls.append([e.as_dict() for e in events])
        if self.killed_after:
            raise asyncio.CancelledError
        failure = self.answers.pop(0) if self.answers else None
        return dict.fromkeys(range(len(events)), failure) if failure else {}

    async def close(self) -> None:
        return None

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Of every event handed over: record, version and comments."""
        return [
            (e["subject"], e["sequence"], (e["data"]["resource"] or {}).get("comments", ""))
            for call in self.calls
            for e in call
        ]


async def _never(*_: object) -> Entry | None:
    raise AssertionError("nothing is to be fetched")


class House:
    def __init__(self, redis: Redis) -> None:
        self.redis, self.scripts, self.version = redis, Scripts(redis), 0
        self.inbox = Inbox(self.scripts, partitions=1, max_backlog=0, waiting={"acme": {}})
        self.leases, self.sink = Leases(self.scripts), Collecting()
        self.lane = Lane(self.scripts, P, SINK)
        self.books = Ledger(self.scripts, self.inbox, {"acme": ["assignments"]})
        self.log = Log(redis, self.inbox)
        self.letters = DeadLetters(self.scripts, self.inbox)
        self.worker()

    def worker(self, *, quiet: float = QUIET, most: float = 5, **options: Any) -> None:
        """Another process takes over, with the same store."""
        given = {"retry": Retry(min_seconds=0.3, max_seconds=0.3, max_attempts=2)} | options
        collapse = Collapse(quiet_seconds=quiet, max_wait_seconds=most)
        wanted = SinkOptions(type="x", collapse=collapse, **given)
        self.dispatcher = Dispatcher(self.scripts, self.leases, {SINK: (wanted, self.sink)}, {"acme": VIEW})
        tenant = TenantIngest("acme", VIEW, {"assignments": "payload"})
        gate, wake = Gate(self.scripts), self.dispatcher.committed
        self.ingest = Ingest(self.inbox, gate, self.leases, {"acme": tenant}, _never, wake)

    async def write(self, number: int, comments: str | None = "", **fields: Any) -> str:
        """Protime tells a change of a shift (None: its deletion); returns the version."""
        self.version += 1
        version = f"{self.version:04}"
        shift = {
            "id": number,
            "changeVersion": version,
            "from": "2026-03-10",
            "startTimeInMinutes": 480,
        } | fields
        data = b"" if comments is None else msgspec.json.encode({**shift, "comments": comments})
        arrival = Arrival(f"assignments/{number}", version, deleted=comments is None, data=data)
        await self.inbox.append("acme", "webhook", [arrival])
        await self.ingest.drain(P)
        return version

    async def row(self) -> Row:
        row = await self.books.row("acme", SINK)
        assert row.balanced, row
        return row

    async def until(self, holds: Callable[[Row], bool], seconds: float = 5) -> Row:
        deadline = time.monotonic() + seconds
        while not holds(row := await self.row()):
            assert time.monotonic() < deadline, (row, self.sink.told)
            await asyncio.sleep(0.01)
        return row

    async def quiet(self) -> Row:
        return await self.until(lambda row: row.in_flight == 0)

    async def life(self, number: int, version: str) -> list[tuple[str, str]]:
        found = await self.log.find(f"acme/assignments/{number}/{version}")
        assert found is not None
        life = await self.log.life(found, [SINK])
        return [(step["outcome"], step.get("reason", "")) for step in life.deliveries]


@pytest.fixture
async def house(redis: Redis) -> AsyncIterator[House]:
    made = House(redis)
    await made.lane.register()
    keeping = asyncio.create_task(made.leases.keep())
    yield made
    await made.dispatcher.stop()
    made.leases.stop()
    await keeping


async def test_edits_of_a_record_are_delivered_as_one_once_it_is_quiet(house: House) -> None:
    await house.write(1, "known")
    await house.quiet()
    begun = time.monotonic()
    versions = [await house.write(1, f"edit {n}") for n in range(15)]
    last = time.monotonic()
    row = await house.until(lambda row: row.delivered == 2)
    assert time.monotonic() - last >= QUIET - 0.1
    assert time.monotonic() - begun < 5
    assert house.sink.told == [("assignments/1", "0001", "known"), ("assignments/1", versions[-1], "edit 14")]
    event = house.sink.calls[-1][0]
    assert (event["data"]["previous"]["comments"], event["collapsed"]) == ("known", 15)
    assert (row.delivered, row.filtered, row.in_flight) == (2, 14, 0)
    assert await house.life(1, versions[3]) == [
        ("filtered", f"collapsed into acme/assignments/1/{versions[-1]}")
    ]
    assert await house.life(1, versions[-1]) == [("delivered", "")]


async def test_an_event_that_waited_alone_passes_as_it_is(house: House) -> None:
    await house.write(1, "alone")
    await house.quiet()
    assert "collapsed" not in house.sink.calls[0][0]


async def test_a_record_that_is_never_quiet_waits_no_longer_than_the_most(house: House) -> None:
    house.worker(quiet=0.4, most=0.8)
    begun = time.monotonic()
    while not house.sink.calls:
        await house.write(1, f"{time.monotonic() - begun:.1f}")
        await asyncio.sleep(0.05)
        assert time.monotonic() - begun < 4
    assert time.monotonic() - begun >= 0.7
    assert house.sink.calls[0][0]["collapsed"] > 3
    await house.quiet()


async def test_what_came_and_went_is_not_told_and_the_ledger_says_so(house: House) -> None:
    versions = [await house.write(1, "a"), await house.write(1, "b"), await house.write(1, None)]
    row = await house.quiet()
    assert (house.sink.calls, row.filtered) == ([], 3)
    for version in versions:
        assert await house.life(1, version) == [
            ("filtered", "nothing was left to tell with the other changes")
        ]


async def test_the_filter_looks_at_the_net_change_too(house: House) -> None:
    house.worker(filter=Filter(meaning=("rescheduled",)))
    await house.write(1, "known")
    await house.write(1, "known", startTimeInMinutes=500)
    await house.write(1, "but this", startTimeInMinutes=500)
    await house.write(1, "but this", startTimeInMinutes=480)
    row = await house.quiet()
    assert (house.sink.calls, row.filtered) == ([], 4)


async def test_records_that_are_due_together_go_out_in_one_delivery(house: House) -> None:
    house.worker(batch=100, quiet=3)
    for edit in range(3):
        for number in range(5):
            await house.write(number, f"edit {edit}")
    await house.quiet()
    assert sorted(house.sink.told) == [(f"assignments/{n}", f"{11 + n:04}", "edit 2") for n in range(5)]
    assert len(house.sink.calls) == 1


@pytest.mark.parametrize("failure", [ERROR, AWAY])
async def test_what_was_tried_once_is_repeated_as_it_was_and_later_events_are_another_one(
    house: House, failure: Failure
) -> None:
    house.sink.answers = [failure]
    await house.write(1, "created")
    second = await house.write(1, "edited")
    await house.until(lambda _: len(house.sink.calls) == 1)
    third = await house.write(1, None)
    row = await house.quiet()
    assert house.sink.told == [
        ("assignments/1", second, "edited"),
        ("assignments/1", second, "edited"),
        ("assignments/1", third, ""),
    ]
    assert house.sink.calls[0] == house.sink.calls[1]
    assert house.sink.calls[2][0]["data"]["previous"]["comments"] == "edited"
    assert (row.delivered, row.filtered) == (2, 1)


async def test_a_kill_between_delivery_and_its_bookkeeping_repeats_the_same_event(house: House) -> None:
    house.sink.killed_after = True
    await house.write(1, "created")
    version = await house.write(1, "edited")
    await house.until(lambda _: len(house.sink.calls) == 1)
    house.sink.killed_after = False
    await house.redis.delete(house.lane.retrying)  # the killed worker's lease runs out
    house.worker()
    await house.write(1, None)
    house.dispatcher.retry(P, SINK)
    await house.quiet()
    # The sink knows the record from before the kill: its end is told, although it came and went in one go.
    assert [e["id"] for call in house.sink.calls for e in call][:2] == [f"acme/assignments/1/{version}"] * 2
    assert [e["data"]["change"] for call in house.sink.calls for e in call] == [
        "created",
        "created",
        "deleted",
    ]


async def test_a_refused_net_change_leaves_a_dead_letter_for_each_event_and_handed_back_they_are_one(
    house: House,
) -> None:
    house.sink.answers = [REFUSED]
    versions = [await house.write(1, "created"), await house.write(1, "edited")]
    row = await house.until(lambda row: row.dead_lettered == 2)
    assert (row.in_flight, row.delivered) == (0, 0)
    assert await house.life(1, versions[0]) == [("failed", "refused by the sink")]
    await house.dispatcher.stop()
    house.worker()
    for letter in [x async for x in house.letters.all("acme")]:
        await house.letters.retry(letter.id, behind=None)
    house.dispatcher.retry(P, SINK)
    row = await house.quiet()
    assert house.sink.calls[0] == house.sink.calls[1]
    assert (row.delivered, row.filtered, row.dead_lettered) == (1, 1, 0)


async def test_of_a_refused_batch_only_the_guilty_record_fails(house: House) -> None:
    house.worker(batch=100)
    house.sink.answers = [REFUSED, REFUSED]
    for _ in range(2):
        for number in (1, 2, 3):
            await house.write(number, "x", startTimeInMinutes=480 + house.version)
    row = await house.until(lambda row: row.in_flight == 0)
    assert (row.delivered, row.dead_lettered, row.filtered) == (2, 2, 2)


async def test_the_cursor_goes_on_while_events_wait(house: House) -> None:
    house.worker(quiet=30, most=60)
    await house.write(1, "waits")
    await house.write(2, "waits too")
    deadline = time.monotonic() + 5
    while int(await house.redis.get(house.lane.cursor) or 0) < 2:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    row = await house.row()
    assert (row.received, row.in_flight, house.sink.calls) == (2, 2, [])


async def test_an_event_that_a_filter_fails_on_is_dead_before_it_is_put_off() -> None:
    options = SinkOptions(type="x", collapse=Collapse(quiet_seconds=1, max_wait_seconds=2))
    delivery = Delivery(options, Collecting(), Lease("key", "token"), time.time, lambda: 0.0)
    assert options.collapse is not None
    read = Reading(
        0, 0, [Logged(1, "assignments/1", Event(b"{}")), Logged(2, "assignments/2", deliverable(2, 2))]
    )
    outcome = put_off(delivery, options.collapse, read, ())
    assert [dead.reason.partition(" (")[0] for dead in outcome.dead] == [
        "defect in the filter: ValidationError"
    ]
    assert ([w.number for w in outcome.put_off], outcome.cursor_to) == ([2], 2)

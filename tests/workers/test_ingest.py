"""Ingest on a real Redis: each fetch mode, poison, and what happens when the API cannot be asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from redis.asyncio import Redis

from workers.arrivals import of_item
from workers.asks import Asks
from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.ingest import Ingest
from workers.protime import DeltaItem
from workers.refusals import Refused
from workers.store.dead_letters import DeadLetters
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Entry, Inbox
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.ledger import Ledger
from workers.store.scripts import Scripts

P = Partition("acme", 0)


def record(version: str, **fields: Any) -> bytes:
    body = {
        "id": 1,
        **({"changeVersion": version} if version else {}),
        "person": {"id": 7},
        "from": "2026-03-10",
        "until": "2026-03-10",
    }
    return msgspec.json.encode({**body, "startTimeInMinutes": 480, "endTimeInMinutes": 1020, **fields})


class House:
    def __init__(
        self,
        redis: Redis,
        mode: str,
        fetch: Callable[[str, str, int], Awaitable[Entry | None]],
        fallback_seconds: float = 30.0,
        doubt_seconds: float = 0.0,
        ask_seconds: float = 0.0,
    ) -> None:
        scripts = Scripts(redis)
        self.redis = redis
        waiting = {"acme": {"assignments": mode == "delta"}}
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting=waiting)
        self.scripts = scripts
        self.committed: list[Partition] = []
        tenant = TenantIngest("acme", TenantView(ZoneInfo("Europe/Brussels"), 168), {"assignments": mode})
        self.ingest = Ingest(
            self.inbox,
            Gate(scripts),
            Leases(scripts),
            {"acme": tenant},
            fetch,
            self.committed.append,
            fallback_seconds,
            doubt_seconds,
            ask_seconds,
        )
        self.dead_letters = DeadLetters(scripts, self.inbox)

    async def notify(
        self, version: str, *, resource: str = "assignments/1", deleted: bool = False, **fields: Any
    ) -> None:
        data = b"" if deleted else record(version, **fields)
        call = self.inbox.notify_call(P, "assignments", [Arrival(resource, version, deleted, data)])
        await self.scripts.run_many([call])

    async def bring(self, origin: str, version: str, **fields: Any) -> None:
        await self.inbox.append(
            "acme", origin, [Arrival("assignments/1", version, deleted=False, data=record(version, **fields))]
        )

    async def pulled(self) -> None:
        await self.inbox.pulled_through("assignments", await self.inbox.waiting_marks("acme", "assignments"))

    async def drain(self) -> list[dict[str, Any]]:
        """Drains, and returns all events of the log; the ledger must balance afterwards."""
        await self.ingest.drain(P)
        row = await Ledger(self.scripts, self.inbox, {"acme": ["assignments"]}).row("acme", "none")
        assert row.balanced, row
        return [msgspec.json.decode(fields[b"e"]) for _, fields in await self.redis.xrange(P.events)]


async def never(*_: object) -> Entry | None:
    raise AssertionError("nothing is to be fetched")


def told(events: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(e["sequence"], e["origin"], e["data"]["change"]) for e in events]


@pytest.mark.rule("8.5-whole")
async def test_in_payload_mode_each_notification_in_order_gives_an_event(redis: Redis) -> None:
    house = House(redis, "payload", never)
    for version in ("01", "02", "03"):
        await house.notify(version)
    assert told(await house.drain()) == [
        ("01", "webhook", "created"),
        ("02", "webhook", "updated"),
        ("03", "webhook", "updated"),
    ]
    assert house.committed == [P]


@pytest.mark.rule("7-older", "8.2-several", "8.5-duplicates", "8.8-overtaking")
async def test_a_duplicate_and_a_late_older_notification_give_no_event(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await house.notify("02")
    await house.drain()
    await house.notify("02")
    await house.notify("01")
    assert told(await house.drain()) == [("02", "webhook", "created")]


@pytest.mark.rule("7-same-record")
async def test_the_version_of_another_record_says_nothing(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await house.notify("09", resource="assignments/1")
    await house.notify("02", resource="assignments/2", id=2)
    told_of = {(e["subject"], e["sequence"]) for e in await house.drain()}
    assert told_of == {("assignments/1", "09"), ("assignments/2", "02")}


@pytest.mark.rule("7-tombstone")
async def test_a_late_older_update_never_brings_a_deleted_record_back(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await house.notify("01")
    await house.notify("03", deleted=True)
    await house.drain()
    await house.notify("02")
    assert [change for _, _, change in told(await house.drain())] == ["created", "deleted"]


async def test_a_delete_tells_whose_shift_went_away(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await house.notify("01")
    await house.notify("02", deleted=True)
    event = (await house.drain())[-1]
    assert event["data"]["person"] == {"id": 7}
    assert event["data"]["start"] == "2026-03-10T08:00:00+01:00"


async def test_in_delta_mode_notifications_wait_for_the_pull_and_are_superseded_by_it(redis: Redis) -> None:
    house = House(redis, "delta", never)
    for version in ("01", "02", "03"):
        await house.notify(version)
    assert await house.drain() == []
    await house.bring("delta", "03")
    await house.pulled()
    assert told(await house.drain()) == [("03", "webhook", "created")]


async def test_in_delta_mode_a_notification_the_delta_does_not_know_passes_by_itself(redis: Redis) -> None:
    house = House(redis, "delta", never)
    await house.notify("05")
    await house.bring("delta", "04")
    await house.pulled()
    assert told(await house.drain()) == [("05", "webhook", "created")]


@pytest.mark.rule("8.5-silence")
async def test_what_only_the_delta_knows_has_the_origin_delta(redis: Redis) -> None:
    house = House(redis, "delta", never)
    await house.bring("delta", "01")
    assert told(await house.drain()) == [("01", "delta", "created")]


async def test_a_large_backlog_of_waiting_notifications_is_drained_to_the_end(redis: Redis) -> None:
    house = House(redis, "delta", never)
    for number in range(1200):
        await house.notify("01", resource=f"assignments/{number}")
    await house.pulled()
    assert len(await house.drain()) == 1200


async def test_in_resource_mode_each_resource_of_a_batch_is_fetched_once(redis: Redis) -> None:
    asked: list[int] = []

    async def fetch(_: str, collection: str, number: int) -> Entry:
        asked.append(number)
        return Entry("", f"{collection}/{number}", "09", False, "", record("09", comments="fetched"))

    house = House(redis, "resource", fetch)
    for version in ("01", "02", "03"):
        await house.notify(version)
    events = await house.drain()
    assert asked == [1]
    assert told(events) == [("09", "webhook", "created")]
    assert events[0]["data"]["resource"]["comments"] == "fetched"


async def test_in_resource_mode_a_resource_that_is_gone_is_a_delete(redis: Redis) -> None:
    async def gone(_: str, collection: str, number: int) -> Entry:
        return Entry("", f"{collection}/{number}", "", True, "", b"")

    house = House(redis, "resource", gone)
    await house.notify("01")
    assert told(await house.drain()) == [("01~", "webhook", "deleted")]
    # Its Delete comes late and changes nothing, but what is older than it stays out, though Protime were to give it.
    await house.notify("03", deleted=True)
    assert len(await house.drain()) == 1
    await house.notify("02")
    assert len(await house.drain()) == 1


async def test_a_404_right_behind_a_notification_is_asked_again(redis: Redis) -> None:
    """Whoever answered may be a copy that does not know the record yet: it must not be told as cancelled."""
    answers: list[Entry] = [
        Entry("", "assignments/1", "", True, "", b""),
        Entry("", "assignments/1", "01", False, "", record("01", comments="fetched")),
    ]

    async def lagging(*_: object) -> Entry:
        return answers.pop(0)

    house = House(redis, "resource", lagging, doubt_seconds=60)
    await house.notify("01")
    assert await house.drain() == []
    assert told(await house.drain()) == [("01", "webhook", "created")]


async def test_the_delete_of_a_record_whose_404_is_doubted_does_not_wait(redis: Redis) -> None:
    async def gone(*_: object) -> Entry:
        return Entry("", "assignments/1", "", True, "", b"")

    house = House(redis, "resource", gone, doubt_seconds=60)
    await house.notify("01")
    assert await house.drain() == []
    await house.notify("02", deleted=True)
    assert told(await house.drain()) == [("02", "webhook", "deleted")]


@pytest.mark.parametrize("absent", [True, False], ids=["404", "away"])
async def test_what_cannot_be_decided_now_is_left_to_the_sweep(redis: Redis, absent: bool) -> None:
    """A late notification of a record that was found absent, which only Protime can decide."""
    asked = 0

    async def vague(*_: object) -> Entry | None:
        nonlocal asked
        asked += 1
        return Entry("", "assignments/1", "", True, "", b"") if absent else None

    house = House(redis, "delta", vague, doubt_seconds=60)
    await found_absent(house)
    await house.notify("06")
    await house.pulled()
    async with asyncio.timeout(5):
        await house.drain()
    assert asked == 1


async def test_a_record_is_not_asked_for_again_by_the_notifications_of_others(redis: Redis) -> None:
    asked: list[int] = []

    async def some(_: str, collection: str, number: int) -> Entry | None:
        asked.append(number)
        if number == 1:
            return None
        return Entry("", f"{collection}/{number}", "01", False, "", record("01", id=number))

    house = House(redis, "resource", some, ask_seconds=60)
    for number in range(1, 6):
        await house.notify("01", resource=f"assignments/{number}", id=number)
        await house.drain()
    assert asked == [1, 2, 3, 4, 5]
    assert await redis.xlen(P.inbox) == 1


def test_a_record_that_was_put_off_is_due_again_when_its_time_is_over() -> None:
    now = 0.0
    asks = Asks(2.0, lambda: now)
    asks.put_off("one")
    assert (asks.due("one"), asks.due("other")) == (False, True)
    now = 2.0
    assert asks.due("one")
    for number in range(5_000):
        now += 0.01
        asks.put_off(number)
    assert len(asks._put_off) <= 1_000


class Looked(float):
    """A time that counts how often one is compared."""

    looks = 0

    def __add__(self, other: float) -> Looked:
        return Looked(float(self) + other)

    def __gt__(self, other: float) -> bool:
        Looked.looks += 1
        return float(self) > float(other)


def test_putting_off_many_records_at_once_does_not_look_through_all_of_them_for_each() -> None:
    asks = Asks(1.0, lambda: Looked(0.0))
    for number in range(8_000):
        asks.put_off(number)
    assert 0 < Looked.looks < 20_000


async def test_in_resource_mode_known_versions_cost_no_fetch(redis: Redis) -> None:
    house = House(redis, "resource", never)
    await house.bring("sync", "05")
    await house.notify("04")
    await house.notify("05")
    assert told(await house.drain()) == [("05", "webhook", "created")]


async def away(*_: object) -> None:
    """An API that cannot be asked now."""


async def test_a_notification_that_cannot_be_fetched_waits_and_then_counts_as_it_was_signed(
    redis: Redis,
) -> None:
    house = House(redis, "resource", away)
    await house.notify("01", comments="signed")
    assert await house.drain() == []
    assert await redis.xlen(P.inbox) == 1
    events = await House(redis, "resource", away, fallback_seconds=-1).drain()
    assert events[0]["data"]["resource"]["comments"] == "signed"


async def test_what_protime_refuses_for_good_counts_as_it_was_signed_at_once(redis: Redis) -> None:
    async def refused(*_: object) -> None:
        raise Refused

    house = House(redis, "resource", refused)
    await house.notify("01", comments="signed")
    [event] = await house.drain()
    assert event["data"]["resource"]["comments"] == "signed"
    await house.bring("sync", "05")
    await house.drain()
    await house.inbox.append("acme", "reconcile", [Arrival("assignments/1", "05~", deleted=True, data=b"")])
    await house.drain()
    await house.notify("06")  # what was found absent is not brought back on a guess all the same
    assert [change for *_, change in told(await house.drain())] == ["created", "updated", "deleted"]


async def found_absent(house: House) -> None:
    """Version 05 is known, and reconciliation found the record gone: nobody told of its deletion."""
    await house.bring("sync", "05")
    await house.drain()
    await house.inbox.append("acme", "reconcile", [Arrival("assignments/1", "05~", deleted=True, data=b"")])
    assert [change for _, _, change in told(await house.drain())] == ["created", "deleted"]


@pytest.mark.parametrize("mode", ["payload", "delta", "resource"])
async def test_a_late_notification_does_not_bring_back_what_was_found_absent(redis: Redis, mode: str) -> None:
    """It may be newer than what we knew, and older than the deletion that nobody told of: only Protime knows."""

    async def gone(_: str, collection: str, number: int) -> Entry:
        return Entry("", f"{collection}/{number}", "", True, "", b"")

    house = House(redis, mode, gone)
    await found_absent(house)
    await house.notify("06")
    await house.pulled()
    assert len(await house.drain()) == 2
    assert await redis.xlen(P.inbox) == 0


@pytest.mark.parametrize("mode", ["payload", "resource"])
async def test_what_was_found_absent_and_is_there_again_is_created_anew(redis: Redis, mode: str) -> None:
    async def back(_: str, collection: str, number: int) -> Entry:
        return Entry("", f"{collection}/{number}", "07", False, "", record("07", comments="back"))

    house = House(redis, mode, back)
    await found_absent(house)
    await house.notify("06")
    assert told(await house.drain())[2:] == [("07", "webhook", "created")]


async def test_what_was_found_absent_and_is_not_configured_any_more_is_decided_without_asking(
    redis: Redis,
) -> None:
    house = House(redis, "payload", never)
    await redis.hset(P.state, "clockings/5", b"05~ 1 0 ")  # type: ignore[misc]
    await house.notify("06", resource="clockings/5", id=5)
    await house.notify("07", resource="assignments/1")
    assert told(await house.drain()) == [("07", "webhook", "created")]
    assert await redis.xlen(P.inbox) == 0


async def test_what_was_found_absent_is_not_brought_back_on_a_guess(redis: Redis) -> None:
    house = House(redis, "payload", away, fallback_seconds=-1)
    await found_absent(house)
    await house.notify("06")
    assert len(await house.drain()) == 2
    assert await redis.xlen(P.inbox) == 1


@pytest.mark.rule("11.4-own-failure")
async def test_poison_goes_to_the_dead_letters_and_does_not_stop_the_partition(redis: Redis) -> None:
    house = House(redis, "payload", never)
    poison = Arrival("assignments/1", "01", deleted=False, data=b'{"id":1,"startTimeInMinutes":"late"}')
    broken = Arrival("assignments/-", "", deleted=False, data=b'{"id":"x"}')
    await house.inbox.append("acme", "delta", [poison, broken])
    await house.notify("02", resource="assignments/2")
    assert told(await house.drain()) == [("02", "webhook", "created")]
    letters = [letter async for letter in house.dead_letters.all("acme")]
    assert {letter.raw for letter in letters} == {poison.data, broken.data}
    assert all(letter.reason for letter in letters)


@pytest.mark.rule("9.3-personal")
async def versions(redis: Redis) -> list[bytes]:
    """The stored versions."""
    return [state.split(b" ")[0] for state in await redis.hvals(P.state)]  # type: ignore[misc]


@pytest.mark.rule("7-absent")
async def test_an_older_update_does_not_bring_back_what_was_deleted_without_a_version(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await house.notify("05")
    await house.notify("", deleted=True)
    await house.drain()
    await house.notify("04", comments="late and old")
    await house.notify("05", comments="told again")
    assert [change for *_, change in told(await house.drain())] == ["created", "deleted"]
    await house.notify("06", deleted=True)  # the same deletion, by another channel
    await house.drain()
    assert await versions(redis) == [b"06"]


@pytest.mark.rule("7-absent")
@pytest.mark.parametrize("there", [True, False])
async def test_whether_an_update_without_a_version_is_older_than_the_deletion_only_protime_knows(
    redis: Redis, there: bool
) -> None:
    async def asked(_: str, collection: str, number: int) -> Entry:
        data = record("", comments="back") if there else b""
        return Entry("", f"{collection}/{number}", "", not there, "", data)

    house = House(redis, "payload", asked)
    await house.notify("05")
    await house.notify("06", deleted=True)
    await house.drain()
    await house.notify("", comments="late, or back")
    changes = [(e["data"]["change"], e["data"]["resource"]) for e in await house.drain()]
    assert len(changes) == (3 if there else 2)
    assert changes[-1][0] == ("created" if there else "deleted")


@pytest.mark.rule("7-absent")
async def test_a_notification_without_a_version_gives_way_to_a_delta_that_was_pulled_after_it(
    redis: Redis,
) -> None:
    house = House(redis, "delta", never)
    await house.notify("", comments="old")
    await asyncio.sleep(0.005)
    await house.bring("delta", "09", comments="new")
    await house.pulled()
    [event] = await house.drain()
    assert (event["sequence"], event["data"]["resource"]["comments"]) == ("09", "new")


@pytest.mark.rule("7-absent")
@pytest.mark.parametrize("known", [None, "05"])
async def test_the_same_state_without_a_version_and_with_one_is_one_event(
    redis: Redis, known: str | None
) -> None:
    house = House(redis, "payload", never)
    if known:
        await house.notify(known, comments="before")
    await house.notify("", comments="now")
    before = await house.drain()
    await house.bring("delta", "09", comments="now")
    assert await house.drain() == before
    assert await versions(redis) == [b"09"]
    await house.notify("", comments="now")
    await house.notify("08", comments="old")
    assert await house.drain() == before
    await house.bring("delta", "10", comments="now")
    assert told(await house.drain())[len(before) :] == [("10", "delta", "updated")]


async def rejected(house: House) -> list[str]:
    """Reasons of all dead letters."""
    return [letter.reason async for letter in house.dead_letters.all("acme")]


@pytest.mark.parametrize("mode", ["payload", "delta", "resource"])
async def test_each_item_whose_head_cannot_be_read_is_rejected_for_itself(redis: Redis, mode: str) -> None:
    house = House(redis, mode, never)
    data = [msgspec.json.encode({"id": n % 4, "changeVersion": f"0 {n}"}) for n in range(5)]
    items = [DeltaItem("InsertOrUpdate", msgspec.Raw(one)) for one in data]
    await house.inbox.append("acme", "delta", [of_item("assignments", item) for item in items])
    assert await house.drain() == []
    reasons = await rejected(house)
    assert len(reasons) == 5
    assert all("cannot be told from others: Expected `str` matching" in reason for reason in reasons)


@pytest.mark.parametrize("version", ["00 01", "00\n1", "é"])
async def test_a_fetched_record_with_an_odd_version_is_rejected_and_the_partition_goes_on(
    redis: Redis, version: str
) -> None:
    async def odd(_: str, collection: str, number: int) -> Entry:
        return Entry("", f"{collection}/{number}", version if number == 1 else "02", False, "", record("02"))

    house = House(redis, "resource", odd)
    for _ in range(2):
        await house.notify("")
        await house.drain()
    await house.notify("01", resource="assignments/2")
    assert [e["subject"] for e in await house.drain()] == ["assignments/2"]
    assert (
        await rejected(house)
        == ["NormalizeError: changeVersion: expected printable ASCII without blanks"] * 2
    )


@pytest.mark.parametrize("mode", ["payload", "delta"])
async def test_the_newest_good_state_of_a_record_counts_when_newer_ones_are_rejected(
    redis: Redis, mode: str
) -> None:
    house = House(redis, mode, never)
    await house.bring("sync", "01")
    await house.drain()
    await house.notify("02", comments="good, but not the newest")
    await house.notify("03", comments="good")
    await house.notify("04", startTimeInMinutes="08:00")
    await house.notify("05", startTimeInMinutes="09:00")
    await house.pulled()
    events = await house.drain()
    assert (events[-1]["sequence"], events[-1]["data"]["resource"]["comments"]) == ("03", "good")
    assert len(events) == (3 if mode == "payload" else 2)
    assert len(await rejected(house)) == 2


async def test_personal_data_of_people_is_neither_stored_nor_delivered(redis: Redis) -> None:
    house = House(redis, "payload", never)
    person = msgspec.json.encode(
        {"id": 1, "changeVersion": "01", "employeeNumber": "E1", "bankAccount": "BE-SECRET"}
    )
    await house.inbox.append("acme", "webhook", [Arrival("people/1", "01", deleted=False, data=person)])
    [event] = await house.drain()
    assert event["data"]["resource"]["employeeNumber"] == "E1"
    for key in await redis.keys("*"):
        value = await redis.dump(key)
        assert value is None or b"BE-SECRET" not in value, key


async def test_what_protime_has_answered_does_not_wait_for_what_it_has_not(redis: Redis) -> None:
    """One record that hangs must not hold back the others of its partition."""
    hanging, slow = asyncio.Event(), "assignments/1"

    async def fetch(_: str, collection: str, number: int) -> Entry | None:
        if number == 1:
            await hanging.wait()
        data = record("05", id=number)
        return Entry("", f"{collection}/{number}", "05", deleted=False, origin="", data=data)

    house = House(redis, "resource", fetch)
    for number in range(1, 41):
        await house.notify("05", resource=f"assignments/{number}", id=number)
    draining = asyncio.create_task(house.ingest.drain(P))
    async with asyncio.timeout(5):
        while await redis.xlen(P.events) < 39:  # noqa: ASYNC110  # the log lies in Redis
            await asyncio.sleep(0.01)
    assert slow not in {
        e["subject"] for e in [msgspec.json.decode(f[b"e"]) for _, f in await redis.xrange(P.events)]
    }
    hanging.set()
    await draining
    assert len(await house.drain()) == 40


async def test_the_partition_is_given_back_with_the_commit_and_a_change_meanwhile_is_not_left(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(redis, "payload", never)
    gate, scripts, asked = house.ingest._gate, house.scripts, list[str]()
    through, run = gate.pass_through, scripts.run

    async def while_deciding(*args: Any) -> Any:
        if "told" not in asked:
            asked.append("told")
            await house.notify("02")  # marks the partition: somebody is at it
        return await through(*args)

    async def noted(script: str, *args: Any) -> Any:
        asked.append(script)
        return await run(script, *args)

    monkeypatch.setattr(gate, "pass_through", while_deciding)
    monkeypatch.setattr(scripts, "run", noted)
    await house.notify("01")
    await house.ingest.drain(P)
    assert await redis.xlen(P.events) == 2
    assert not await redis.exists(P.lease)
    # The mark of the second made the commit of the first keep the lease; that of the second gave it back.
    assert asked == ["read_inbox", "told", "read_inbox"]


async def _numbers_ahead(redis: Redis) -> None:
    """What a clock that was an hour ahead leaves in a stream when it is set back: no number is ever smaller again."""
    ahead = int(time.time() * 1000) + 3_600_000
    await redis.xdel(P.inbox, await redis.xadd(P.inbox, {"k": "x"}, id=f"{ahead}-0"))


async def test_events_are_not_dated_ahead_after_the_clock_was_set_back(redis: Redis) -> None:
    house = House(redis, "payload", never)
    await _numbers_ahead(redis)
    await house.notify("01")
    (event,) = await house.drain()
    assert datetime.fromisoformat(event["time"]).timestamp() == pytest.approx(time.time(), abs=10)


async def test_a_fallback_is_not_put_off_after_the_clock_was_set_back(redis: Redis) -> None:
    async def away(*_: object) -> None:
        return None

    house = House(redis, "resource", away)
    await _numbers_ahead(redis)
    await house.notify("01")
    assert told(await house.drain()) == [("01", "webhook", "created")]

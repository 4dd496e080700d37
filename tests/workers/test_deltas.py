"""Pulling deltas from the simulator into a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
import structlog
from redis.asyncio import Redis

from tests.workers.tenants import Tenant, simulated
from workers import clock
from workers.arrivals import of_item
from workers.deltas import Deltas
from workers.first_loads import Behind, Way
from workers.protime import Conflict, DeltaItem, DeltaPage, Endless, Gone, Invalid, NotFound, ProtimeError
from workers.reading import TenantReading
from workers.refusals import Refusals
from workers.store.deltas import DeltaState, DeltaStates, lock_key
from workers.store.inbox import BULK, Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.owed import Owed
from workers.store.scripts import Scripts
from workers.store.stops import Stops

TODAY = date.today()  # noqa: DTZ011  # the simulator's day
SHIFT = {"person": {"id": 1}, "from": TODAY.isoformat(), "startTimeInMinutes": 480, "endTimeInMinutes": 1020}
P = Partition("acme", 0)


class House:
    def __init__(
        self,
        redis: Redis,
        tenant: Tenant,
        since: date | None = None,
        make: Callable[[Redis], Scripts] = Scripts,
        way: Way | None = None,
        walks: int = 9,
    ) -> None:
        self.redis = redis
        self.tenant = tenant
        scripts = make(redis)
        waiting = {name: {"assignments": True} for name in ("acme", "other")}
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting=waiting)
        self.states = DeltaStates(scripts)
        self.woken: list[Partition] = []
        settings = TenantReading(
            tenant.client,
            lambda: TODAY,
            {"assignments": since or TODAY.replace(month=1, day=1)},
            {"assignments": []},
            frozenset({"assignments"}),
        )
        self.tenants = {"acme": settings}
        self.owed, self.stops = Owed(scripts), Stops(redis)
        refusals = Refusals(self.stops)
        self.deltas = Deltas(
            scripts,
            self.inbox,
            Leases(scripts),
            self.states,
            self.owed,
            refusals,
            self.tenants,
            self._wake,
            way or Behind(self.inbox, self._wake),
            walks,
        )

    def _wake(self, partitions: Iterable[Partition]) -> None:
        self.woken += partitions

    async def pull(self) -> None:
        await self.deltas.pull("acme", "assignments")

    async def received(self) -> list[tuple[str, bool, str]]:
        """What lies in the inbox, taken out: (resource, deleted, origin)."""
        keys = (P.inbox, P.waiting(BULK))
        rows = [row for key in keys for row in await self.redis.xrange(key)]
        await self.redis.delete(*keys)
        return [(f[b"k"].decode(), f[b"d"] == b"1", f[b"o"].decode()) for _, f in rows]


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated(retry_after_seconds=7) as made:
        yield made


async def expire(house: House) -> None:
    """The delta dies as if nobody had asked for it in time; one that is started from now on lives."""
    link = (await house.states.get("acme", "assignments")).link
    await house.tenant.control("PATCH", "settings", {"delta_life_seconds": 0.01})
    await asyncio.sleep(0.02)
    with pytest.raises(Gone):
        await house.tenant.client.delta_pull(link)
    await house.tenant.control("PATCH", "settings", {"delta_life_seconds": 259200.0})


@pytest.mark.rule("6.1-new-link")
async def test_the_first_walk_brings_everything_and_later_pulls_the_changes(
    redis: Redis, tenant: Tenant
) -> None:
    first = await tenant.edit(**SHIFT)
    house = House(redis, tenant)
    await house.pull()
    resource = f"assignments/{first['id']}"
    assert await house.received() == [(resource, False, "sync")]
    await tenant.edit(id=first["id"], comments="moved")
    await house.pull()
    assert await house.received() == [(resource, False, "delta")]
    await tenant.control("DELETE", f"records/assignments/{first['id']}")
    await house.pull()
    assert await house.received() == [(resource, True, "delta")]
    assert P in house.woken


@pytest.mark.rule("6.6-older-link")
async def test_items_are_in_the_inbox_before_the_new_link_is_stored(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.pull()
    before = await house.states.get("acme", "assignments")
    await tenant.edit(**SHIFT)
    await redis.set(P.inbox, "not a stream")  # the append fails
    with pytest.raises(Exception, match="WRONGTYPE"):
        await house.pull()
    assert (await house.states.get("acme", "assignments")).link == before.link
    await redis.delete(P.inbox)
    await house.pull()
    assert len(await house.received()) == 1


@pytest.mark.rule("6.1-72-hours")
async def test_an_expired_delta_is_started_anew(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    shift = await tenant.edit(**SHIFT)
    await house.pull()
    await house.received()
    await expire(house)
    await tenant.edit(id=shift["id"], comments="while the delta was dead")
    await house.pull()
    assert await tenant.calls("GET /assignments") == 4  # two walks of two pages
    assert (f"assignments/{shift['id']}", False, "sync") in await house.received()
    assert (await house.states.get("acme", "assignments")).error == ""


async def test_notifications_go_on_once_a_pull_that_began_after_them_is_committed(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    call = house.inbox.notify_call(
        P, "assignments", [Arrival("assignments/1", "01", deleted=False, data=b"{}")]
    )
    await house.inbox._scripts.run_many([call])
    before = await house.inbox.read(P, "me")
    assert before is not None
    assert before.entries == []
    await house.pull()
    after = await house.inbox.read(P, "me")
    assert after is not None
    assert [e.resource for e in after.entries] == ["assignments/1"]


@pytest.mark.rule("4.3-wait")
async def test_a_delta_that_cannot_be_pulled_waits_as_asked_and_says_why(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await tenant.control("PATCH", "settings", {"unavailable": True})
    await house.pull()
    state = await house.states.get("acme", "assignments")
    assert state.error
    assert state.retry_at - state.asked_at >= 7
    calls = await tenant.calls("GET /assignments")
    await house.pull()
    assert await tenant.calls("GET /assignments") == calls


async def test_a_permission_that_is_missing_lets_notifications_pass_as_they_were_signed(redis: Redis) -> None:
    async with simulated("clockings") as tenant:
        house = House(redis, tenant)
        call = house.inbox.notify_call(
            P, "assignments", [Arrival("assignments/1", "01", deleted=False, data=b"{}")]
        )
        await house.inbox._scripts.run_many([call])
        await house.pull()
        batch = await house.inbox.read(P, "me")
        assert batch is not None
        assert len(batch.entries) == 1


@pytest.mark.rule("6.1-one-puller")
async def test_one_pull_at_a_time_and_a_second_asker_gets_one_more(redis: Redis, tenant: Tenant) -> None:
    await tenant.control("PATCH", "settings", {"slow_seconds": 0.2})
    house = House(redis, tenant)
    await asyncio.gather(*(house.pull() for _ in range(6)))
    assert await tenant.calls("GET /assignments") == 1
    assert await tenant.calls("GET /delta/assignments") == 1


@pytest.mark.rule("6.3-earliest")
async def test_a_window_that_begins_too_early_is_moved_to_what_protime_accepts(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant, since=date(2020, 1, 1))
    await house.pull()
    assert (await house.states.get("acme", "assignments")).link


async def test_an_item_without_an_integer_id_is_kept_to_be_rejected() -> None:
    item = DeltaItem("InsertOrUpdate", b'{"id":"x","changeVersion":"01"}')  # type: ignore[arg-type]
    assert of_item("assignments", item) == Arrival(
        "assignments/-", "", False, b'{"id":"x","changeVersion":"01"}'
    )


@pytest.mark.parametrize("version", ["0 1", "01\n", "é", "0" * 65])
def test_an_item_whose_version_could_not_be_kept_is_left_to_be_rejected(version: str) -> None:
    raw = msgspec.json.encode({"id": 7, "changeVersion": version})
    found = of_item("assignments", DeltaItem("InsertOrUpdate", msgspec.Raw(raw)))
    assert found == Arrival("assignments/-", "", False, raw)


async def test_a_first_walk_that_was_cut_off_goes_on_at_the_page_it_had_reached(redis: Redis) -> None:
    async with simulated(page_size=2) as tenant:
        for _ in range(6):
            await tenant.edit(**SHIFT)
        house = House(redis, tenant)
        await tenant.control("PATCH", "settings", {"continuation_padding": 0})
        pages = tenant.client.delta_start("assignments", f"date ge '{TODAY.year}-01-01'", [])
        first = await anext(pages)
        await house.states.put("acme", "assignments", DeltaState(walk=first.next_link))
        await house.pull()
        assert len(await house.received()) == 4
        assert (await house.states.get("acme", "assignments")).link


@pytest.mark.rule("3.4-expired")
async def test_a_walk_whose_paging_token_expired_begins_anew(redis: Redis) -> None:
    async with simulated(page_size=2, continuation_life_seconds=0.5) as tenant:
        for _ in range(3):
            await tenant.edit(**SHIFT)
        house = House(redis, tenant)
        pages = tenant.client.delta_start("assignments", f"date ge '{TODAY.year}-01-01'", [])
        first = await anext(pages)
        await house.states.put("acme", "assignments", DeltaState(walk=first.next_link))
        await asyncio.sleep(0.6)
        await house.pull()
        assert len(await house.received()) == 3


async def other_client(tenant: Tenant) -> None:
    """Somebody else walks through a delta of the same collection: at Protime there is one, and it is theirs now."""
    async for _ in tenant.client.delta_start("assignments", f"date ge '{TODAY.year}-01-01'"):
        pass


async def test_a_delta_that_another_client_took_over_is_started_anew_at_once_and_reported(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.pull()
    await other_client(tenant)
    await house.pull()
    state = await house.states.get("acme", "assignments")
    assert state.superseded == 1
    assert state.link


async def test_two_clients_that_take_a_delta_from_each_other_do_not_walk_for_ever(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.pull()
    for _ in range(5):
        await other_client(tenant)
        await house.pull()
    walks = await tenant.calls("GET /assignments")
    state = await house.states.get("acme", "assignments")
    assert state.superseded == 2
    assert state.retry_at - state.superseded_at == pytest.approx(60)
    assert walks == 5 + 2  # the other's, our first, and one more


@pytest.mark.parametrize(
    ("ago", "rest", "passed"), [(40, 10, 1), (0, 60, 1), (5, 20, 0)], ids=["long ago", "long rest", "soon"]
)
async def test_notifications_do_not_wait_for_a_delta_that_rests_for_long(
    redis: Redis, tenant: Tenant, ago: float, rest: float, passed: int
) -> None:
    """It was taken over `ago` seconds before, and is begun anew in `rest` seconds."""
    house = House(redis, tenant)
    now = time.time()
    state = DeltaState(superseded=2, superseded_at=now - ago, retry_at=now + rest)
    await house.states.put("acme", "assignments", state)
    call = house.inbox.notify_call(
        P, "assignments", [Arrival("assignments/1", "01", deleted=False, data=b"{}")]
    )
    await house.inbox._scripts.run_many([call])
    await house.pull()
    batch = await house.inbox.read(P, "me")
    assert batch is not None
    assert len(batch.entries) == passed


async def test_a_process_that_lost_its_lock_in_the_middle_leaves_all_to_the_other(
    redis: Redis, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(redis, tenant)
    await house.pull()
    await tenant.edit(**SHIFT)
    before, sound = await house.states.get("acme", "assignments"), tenant.client.delta_pull

    async def frozen(link: str) -> DeltaPage:
        page = await sound(link)
        for lease in house.deltas._leases._held.values():
            lease.until = 0.0
        return page

    monkeypatch.setattr(tenant.client, "delta_pull", frozen)
    await house.pull()
    after = await house.states.get("acme", "assignments")
    assert (after.link, after.retry_at, after.error) == (before.link, 0.0, "")
    assert await house.received() == []
    monkeypatch.undo()
    await house.pull()
    assert len(await house.received()) == 1


async def test_after_a_delta_died_the_collection_is_owed_a_comparison(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.pull()
    assert await house.owed.all("acme") == {}
    await expire(house)
    await house.pull()
    assert list(await house.owed.all("acme")) == ["assignments"]


async def test_a_collection_without_its_scope_stops_with_a_clear_state_and_goes_on_when_it_is_granted(
    redis: Redis,
) -> None:
    async with simulated("clockings") as refused, simulated() as granted:
        house = House(redis, refused)
        await house.pull()
        state = await house.states.get("acme", "assignments")
        assert state.retry_at - state.asked_at >= 60
        assert "403" in (await house.stops.all("acme"))["assignments"].error
        calls = await refused.calls("GET /assignments")
        await house.pull()
        assert await refused.calls("GET /assignments") == calls
        house.tenants["acme"] = replace(house.tenants["acme"], client=granted.client)
        await house.states.put("acme", "assignments", DeltaState())
        await house.pull()
        assert await house.stops.all("acme") == {}


async def test_a_pull_by_a_process_whose_clock_was_ahead_keeps_nobody_from_pulling(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.pull()
    state = await house.states.get("acme", "assignments")
    state.asked_at += 3600
    await house.states.put("acme", "assignments", state)
    made = await tenant.edit(**SHIFT)
    await house.pull()
    assert await house.received() == [(f"assignments/{made['id']}", False, "delta")]
    assert (await house.states.get("acme", "assignments")).asked_at < time.time() + 60


class Refusing:
    """The tenant's client, of whose answers to a pull the next ones are these."""

    def __init__(self, tenant: Tenant, *answers: ProtimeError) -> None:
        self.answers = list(answers)
        self.delta_start, self.delta_start_from = tenant.client.delta_start, tenant.client.delta_start_from
        self._pull = tenant.client.delta_pull

    async def delta_pull(self, link: str) -> DeltaPage:
        if self.answers:
            raise self.answers.pop(0)
        return await self._pull(link)


async def rested(house: House) -> None:
    """The next try is due."""
    state = await house.states.get("acme", "assignments")
    state.retry_at = 0.0
    await house.states.put("acme", "assignments", state)


@pytest.mark.parametrize(
    "error", [Conflict(status=409), Invalid(status=400), NotFound(status=404), Endless("")]
)
async def test_a_link_that_is_refused_now_and_then_is_kept(
    redis: Redis, tenant: Tenant, error: ProtimeError
) -> None:
    house = House(redis, tenant)
    await house.pull()
    made = await tenant.edit(**SHIFT)
    client: Any = Refusing(tenant, error, error)
    house.tenants["acme"] = replace(house.tenants["acme"], client=client)
    for _ in range(3):
        await house.pull()
        await rested(house)
    assert await house.received() == [(f"assignments/{made['id']}", False, "delta")]
    assert await tenant.calls("GET /assignments") == 1  # one walk, by one page
    assert await house.owed.all("acme") == {}


@pytest.mark.parametrize(
    "error", [Conflict(status=409), Invalid(status=400), NotFound(status=404), Endless("")]
)
async def test_a_link_that_is_refused_again_and_again_is_given_up_for_a_new_walk(
    redis: Redis, tenant: Tenant, error: ProtimeError
) -> None:
    house = House(redis, tenant)
    await house.pull()
    await tenant.edit(**SHIFT)
    client: Any = Refusing(tenant, *[error] * 100)
    house.tenants["acme"] = replace(house.tenants["acme"], client=client)
    for _ in range(3):
        await house.pull()
        await rested(house)
    assert [origin for _, _, origin in await house.received()] == ["sync"]
    assert list(await house.owed.all("acme")) == ["assignments"]
    # Refused all the same, it does not walk on and on: from the second time it waits.
    for _ in range(12):
        await house.pull()
    assert await tenant.calls("GET /assignments") <= 3


async def test_other_references_or_another_first_day_start_the_delta_anew(
    redis: Redis, tenant: Tenant
) -> None:
    made = await tenant.edit(**SHIFT)
    subject = f"assignments/{made['id']}"
    house = House(redis, tenant)
    await house.pull()
    await house.pull()
    assert await house.received() == [(subject, False, "sync")]
    reading = house.tenants["acme"]
    house.tenants["acme"] = replace(reading, references={"assignments": [("people", "@employee-number")]})
    await house.pull()
    assert await house.received() == [(subject, False, "sync")]
    assert list(await house.owed.all("acme")) == ["assignments"]
    house.tenants["acme"] = replace(house.tenants["acme"], since={"assignments": TODAY})
    await house.pull()
    assert await house.received() == [(subject, False, "sync")]
    await house.pull()
    assert await house.received() == []


async def test_a_delta_of_the_release_before_goes_on_though_nobody_noted_how_it_was_started(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    await house.pull()
    state = await house.states.get("acme", "assignments")
    state.made_for = ""
    await house.states.put("acme", "assignments", state)
    await house.pull()
    assert await tenant.calls("GET /assignments") == 1


async def test_during_a_long_walk_notifications_are_let_go_every_second(redis: Redis, tenant: Tenant) -> None:
    """The way stands for sinks that make room slowly."""
    for _ in range(3):
        await tenant.edit(**SHIFT)
    passed = asyncio.Event()

    class Slow:
        async def take(self, _: str, __: Sequence[Arrival]) -> int:
            await asyncio.wait_for(passed.wait(), 5)
            return 0

    house = House(redis, tenant, way=Slow())
    told = Arrival("assignments/9", "01", deleted=False, data=b"{}")
    await house.inbox._scripts.run_many([house.inbox.notify_call(P, "assignments", [told])])
    pulling = asyncio.create_task(house.pull())
    async with asyncio.timeout(4):
        while not (batch := await house.inbox.read(P, "me")) or not batch.entries:  # noqa: ASYNC110  # another task lets go
            await asyncio.sleep(0.05)
    assert P in house.woken
    assert not pulling.done()
    passed.set()
    await pulling


async def test_a_pull_from_before_the_clock_was_set_back_puts_off_no_other(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    ahead = clock.now() + 3600
    await house.states.put("acme", "assignments", DeltaState(asked_at=ahead, retry_at=ahead + 60, attempts=3))
    await house.pull()
    assert (await house.states.get("acme", "assignments")).link


async def lose(redis: Redis) -> None:
    """The store was away for longer than a lease lives: another process may take it."""
    await redis.delete(lock_key("acme", "assignments"))


@pytest.mark.parametrize("gone", [False, True])
async def test_a_pull_that_lost_its_lock_leaves_the_newer_link_of_the_other_as_it_is(
    redis: Redis, tenant: Tenant, gone: bool
) -> None:
    slow, fast = House(redis, tenant), House(redis, tenant)
    await slow.pull()
    asked, go_on = asyncio.Event(), asyncio.Event()

    class Slow:
        async def delta_pull(self, link: str) -> DeltaPage:
            page = await tenant.client.delta_pull(link)
            asked.set()
            await go_on.wait()
            if gone:
                raise Gone(status=410)
            return page

    slow.tenants["acme"] = replace(slow.tenants["acme"], client=Slow())  # type: ignore[arg-type]
    pulling = asyncio.create_task(slow.pull())
    await asked.wait()
    await lose(redis)
    await tenant.edit(**SHIFT)
    await fast.pull()
    newest = await fast.states.get("acme", "assignments")
    go_on.set()
    await pulling
    assert await fast.states.get("acme", "assignments") == newest


async def test_workers_with_different_configurations_do_not_start_the_delta_anew_in_turn(
    redis: Redis, tenant: Tenant
) -> None:
    first, second = (House(redis, tenant, since=TODAY.replace(month=1, day=day)) for day in (1, 2))
    await first.pull()
    await second.pull()  # a changed configuration, and
    await first.pull()  # changed back: that is followed at once
    walks = await tenant.calls("GET /assignments")
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await second.pull()
            await tenant.edit(**SHIFT)
            await first.pull()
    assert await tenant.calls("GET /assignments") == walks
    assert len(await first.received()) == 3
    [said] = [line for line in logs if line["log_level"] == "error"]
    assert (said["here"], said["there"]) == (
        f"since: {TODAY.year}-01-02, external_references: -",
        f"since: {TODAY.year}-01-01, external_references: -",
    )
    assert 0 < said["seconds"] <= 60


async def test_notifications_do_not_wait_for_a_delta_that_others_keep_with_other_settings(
    redis: Redis, tenant: Tenant
) -> None:
    first, second = (House(redis, tenant, since=TODAY.replace(month=1, day=day)) for day in (1, 2))
    for house in (first, second, first):
        await house.pull()
    call = first.inbox.notify_call(P, "assignments", [Arrival("assignments/1", "01", False, b"{}")])
    await first.inbox._scripts.run_many([call])
    await second.pull()
    assert await redis.hexists(P.through, "assignments")  # type: ignore[misc]
    assert P in second.woken


async def test_a_walk_that_finds_no_room_holds_up_nothing_and_begins_when_another_ends(
    redis: Redis, tenant: Tenant
) -> None:
    """All live jobs of a process share its places: with one long walk in each, nobody would hear a wake-up."""
    await tenant.edit(**SHIFT)
    go_on, taken = asyncio.Event(), list[str]()

    class Slow:
        async def take(self, tenant: str, _: Sequence[Arrival]) -> int:
            taken.append(tenant)
            await go_on.wait()
            return 0

    house = House(redis, tenant, way=Slow(), walks=1)
    house.tenants["other"] = house.tenants["acme"]
    walking = asyncio.create_task(house.pull())
    async with asyncio.timeout(5):
        while not taken:  # noqa: ASYNC110  # another task takes
            await asyncio.sleep(0.01)
    there = Partition("other", 0)
    call = house.inbox.notify_call(there, "assignments", [Arrival("assignments/1", "01", False, b"{}")])
    await house.inbox._scripts.run_many([call])
    async with asyncio.timeout(1):
        for _ in range(2):
            await house.deltas.pull("other", "assignments")
    assert taken == ["acme"]
    assert there in house.woken  # what is told of it meanwhile does not wait
    go_on.set()
    await walking
    assert taken == ["acme", "other"]
    assert (await house.states.get("other", "assignments")).link

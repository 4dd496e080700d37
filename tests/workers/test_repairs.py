"""Whole looks that a collection is owed, from the simulator through a real Redis and the gate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
import structlog
from redis.asyncio import Redis

from tests.workers.tenants import Tenant, simulated
from workers import clock
from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.first_loads import Behind
from workers.ingest import Ingest
from workers.protime import Page, Patience, Protime, ProtimeError, UriTooLong
from workers.reading import TenantReading
from workers.reconcile import Reconciliation
from workers.reconciler import Reconciler, Schedule
from workers.refusals import Refusals
from workers.repairs import Repairs
from workers.store.deltas import DeltaState, DeltaStates
from workers.store.gate import Gate
from workers.store.inbox import Inbox
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.owed import Owed
from workers.store.progress import Progress, ProgressStore
from workers.store.pulse import Pulse
from workers.store.scripts import Scripts
from workers.store.state import States
from workers.store.stops import Stops
from workers.sync import Sync

TODAY = date.today()  # noqa: DTZ011  # the simulator's day
SHIFT: dict[str, Any] = {"person": {"id": 1}, "from": TODAY.isoformat(), "startTimeInMinutes": 480}
P = Partition("acme", 0)


async def never(*_: object) -> None:
    raise AssertionError("nothing is to be fetched")


class House:
    """`deltas`: the collections whose delta is kept."""

    def __init__(self, redis: Redis, tenant: Tenant, deltas: frozenset[str] = frozenset()) -> None:
        scripts = self.scripts = Scripts(redis)
        self.redis, self.schedule = redis, Schedule(1, 1)
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        leases, self.owed, self.states = Leases(scripts), Owed(scripts), DeltaStates(scripts)
        self.stops = Stops(redis)
        refusals = Refusals(self.stops)
        self.since = {"assignments": TODAY - timedelta(days=30)}
        self.reading = TenantReading(tenant.client, lambda: TODAY, self.since, {}, deltas)
        view = TenantIngest("acme", TenantView(ZoneInfo("Europe/Brussels"), 168), {"assignments": "payload"})
        self.ingest = Ingest(self.inbox, Gate(scripts), leases, {"acme": view}, never, lambda _: None)
        sync = Sync(Behind(self.inbox, lambda _: None), leases, ProgressStore(scripts))
        reconciler = Reconciler(
            Reconciliation(
                self.inbox, States(redis, self.inbox), lambda _: None, patience=Patience(total_seconds=0)
            ),
            leases,
            refusals,
            lambda _: self.reading,
            lambda *_: self.schedule,
            ProgressStore(scripts),
        )
        self.reconciler = reconciler
        self.repairs = Repairs(
            self.owed, self.states, self.inbox, sync, reconciler, refusals, lambda _: self.reading
        )

    def read_by(self, client: Any) -> None:
        self.reading = replace(self.reading, client=client)

    async def run(self) -> None:
        await self.repairs.run("acme", lambda _: True)

    async def events(self) -> list[tuple[str, str, str]]:
        """All events so far: (subject, change, origin)."""
        await self.ingest.drain(P)
        found = [msgspec.json.decode(f[b"e"]) for _, f in await self.redis.xrange(P.events)]
        return [(e["subject"], e["data"]["change"], e["origin"]) for e in found]


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated(page_size=2) as made:
        yield made


async def shift(tenant: Tenant, **fields: Any) -> str:
    return f"assignments/{(await tenant.edit(**SHIFT, **fields))['id']}"


async def test_a_collection_without_a_delta_is_loaded_once_by_itself(redis: Redis, tenant: Tenant) -> None:
    names = [await shift(tenant) for _ in range(3)]
    house = House(redis, tenant)
    await house.repairs.first_loads("acme", ["assignments"])
    await house.run()
    assert await house.events() == [(name, "created", "sync") for name in names]
    assert await house.owed.all("acme") == {}
    await house.repairs.first_loads("acme", ["assignments"])
    assert await house.owed.all("acme") == {}


async def test_a_collection_with_a_delta_is_loaded_by_its_delta(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant, frozenset({"assignments"}))
    await house.repairs.first_loads("acme", ["assignments"])
    assert await house.owed.all("acme") == {}


async def test_what_changed_and_what_was_deleted_in_a_gap_is_found(redis: Redis, tenant: Tenant) -> None:
    """Far outside the days of the regular reconciliation as well."""
    first, second = [await shift(tenant) for _ in range(2)]
    far = await shift(tenant, until=None)
    await tenant.edit(id=int(far.rpartition("/")[2]), **{"from": (TODAY + timedelta(days=300)).isoformat()})
    house = House(redis, tenant)
    await house.repairs.first_loads("acme", ["assignments"])
    await house.run()
    await house.events()
    await tenant.control("DELETE", f"records/{far}")
    await tenant.edit(id=int(first.rpartition("/")[2]), comments="moved")
    await house.owed.note("acme", "assignments")
    await house.run()
    assert (await house.events())[3:] == [(first, "updated", "reconcile"), (far, "deleted", "reconcile")]
    assert second
    assert await house.owed.all("acme") == {}


async def test_a_comparison_waits_until_the_new_delta_has_walked(redis: Redis, tenant: Tenant) -> None:
    name = await shift(tenant)
    house = House(redis, tenant, frozenset({"assignments"}))
    await house.owed.note("acme", "assignments")
    await house.run()
    assert await house.events() == []
    await house.states.put("acme", "assignments", DeltaState(link="/delta"))
    await house.run()
    assert await house.events() == [(name, "created", "reconcile")]


async def test_a_comparison_waits_for_what_a_load_brought(redis: Redis, tenant: Tenant) -> None:
    name = await shift(tenant)
    house = House(redis, tenant)
    await house.owed.note("acme", "assignments")
    await house.run()
    await house.owed.note("acme", "assignments")
    await house.run()
    assert await house.events() == [(name, "created", "sync")]
    assert list(await house.owed.all("acme")) == ["assignments"]
    await house.run()
    assert await house.owed.all("acme") == {}


async def test_a_comparison_that_fails_is_owed_until_it_is_done(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant, frozenset({"assignments"}))
    await house.states.put("acme", "assignments", DeltaState(link="/delta"))
    await house.owed.note("acme", "assignments")
    await tenant.control("PATCH", "settings", {"error_burst": 100})
    await house.run()
    assert list(await house.owed.all("acme")) == ["assignments"]
    await tenant.control("PATCH", "settings", {"error_burst": 0})
    await house.run()
    assert await house.owed.all("acme") == {}


async def test_a_comparison_is_due_by_what_the_store_remembers_not_by_who_asks(
    redis: Redis, tenant: Tenant
) -> None:
    """Timers begin anew with each scheduler; one that is restarted often must not keep a collection from being compared."""
    house = House(redis, tenant)
    house.schedule = Schedule(1, 1, every=3600)
    assert await house.reconciler.run_due("acme", "assignments") is None  # not at the beginning
    assert await house.reconciler.run_due("acme", "assignments") is None
    assert await tenant.calls("GET /assignments") == 0
    house.schedule = Schedule(1, 1, every=0)
    name = await shift(tenant)
    found = await house.reconciler.run_due("acme", "assignments")
    assert found is not None
    assert found.missed == [name]
    house.schedule = Schedule(1, 1, every=3600)
    assert await house.reconciler.run_due("acme", "assignments") is None


async def test_a_comparison_that_could_not_be_done_is_due_still(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    house.schedule = Schedule(1, 1, every=0.2)
    await house.reconciler.run_due("acme", "assignments")
    await asyncio.sleep(0.25)
    await tenant.control("PATCH", "settings", {"error_burst": 100})
    assert await house.reconciler.run_due("acme", "assignments") is None
    await tenant.control("PATCH", "settings", {"error_burst": 0})
    assert await house.reconciler.run_due("acme", "assignments") is not None


async def test_a_comparison_from_before_the_clock_was_set_back_puts_off_no_other(
    redis: Redis, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(redis, tenant)
    house.schedule = Schedule(1, 1, every=3600)
    right = clock.now
    monkeypatch.setattr(clock, "now", lambda: right() + 7200)
    await house.reconciler.run_due("acme", "assignments")
    monkeypatch.setattr(clock, "now", right)
    assert await house.reconciler.run_due("acme", "assignments") is not None


async def test_a_gap_that_opens_while_one_is_repaired_is_not_forgotten(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.owed.note("acme", "assignments")
    stamp = (await house.owed.all("acme"))["assignments"]
    await house.owed.note("acme", "assignments")
    await house.owed.done("acme", "assignments", stamp)
    assert list(await house.owed.all("acme")) == ["assignments"]


async def test_a_collection_that_protime_refuses_is_not_asked_again_and_again(redis: Redis) -> None:
    async with simulated("clockings") as tenant:
        house = House(redis, tenant)
        await house.owed.note("acme", "assignments")
        await house.run()
        calls = await tenant.calls("GET /assignments")
        await house.run()
        assert await tenant.calls("GET /assignments") == calls
        assert list(await house.stops.all("acme")) == ["assignments"]
        assert list(await house.owed.all("acme")) == ["assignments"]


class Refusing:
    """Its list is refused behind the first page while `refuses`."""

    def __init__(self, client: Protime, refuses: list[ProtimeError]) -> None:
        self.client, self.refuses, self.lists = client, refuses, 0
        self.get = client.get

    def patient(self, _: Patience) -> Refusing:
        return self

    async def list(self, *asked: Any) -> AsyncIterator[Page]:
        self.lists += 1
        async for page in self.client.list(*asked):
            yield page
            if self.refuses:
                raise self.refuses[0]


@pytest.mark.parametrize("loaded", [False, True])
async def test_a_list_that_protime_does_not_give_is_not_begun_anew_every_few_seconds(
    redis: Redis, tenant: Tenant, monkeypatch: pytest.MonkeyPatch, loaded: bool
) -> None:
    name = await shift(tenant)
    house = House(redis, tenant)
    if loaded:
        await house.owed.note("acme", "assignments")
        await house.run()
        await house.events()
    client = Refusing(tenant.client, [UriTooLong(status=414)])
    house.read_by(client)
    await house.owed.note("acme", "assignments")
    right, hours, begun = time.time, 0.0, list[float]()
    monkeypatch.setattr(time, "time", lambda: right() + hours * 3600)
    while hours < 12:
        before = client.lists
        await house.run()
        begun += [hours] * (client.lists - before)
        hours += 1 / 60
    pauses = [after - before for before, after in pairwise(begun)]
    assert pauses[0] == pytest.approx(1 / 60)
    assert all(after > 0.9 * before for before, after in pairwise(pauses))
    assert max(pauses) == pytest.approx(1, abs=1 / 50)
    assert 15 <= len(begun) <= 22
    assert "414" in (await house.stops.all("acme"))["assignments"].error
    client.refuses.clear()
    hours += 2
    await house.run()
    assert await house.owed.all("acme") == {}
    assert await house.stops.all("acme") == {}
    assert name in {subject for subject, *_ in await house.events()}


async def test_a_comparison_that_is_due_rests_as_well_where_its_list_is_not_given(
    redis: Redis, tenant: Tenant
) -> None:
    await shift(tenant)
    house = House(redis, tenant)
    house.schedule = Schedule(1, 1, every=0)
    await house.reconciler.run_due("acme", "assignments")
    client = Refusing(tenant.client, [UriTooLong(status=414)])
    house.read_by(client)
    for _ in range(3):
        assert await house.reconciler.run_due("acme", "assignments") is None
    assert client.lists == 1


async def test_records_before_a_first_day_that_was_moved_back_are_loaded(
    redis: Redis, tenant: Tenant
) -> None:
    recent = await shift(tenant)
    old = await tenant.edit(**{**SHIFT, "from": (TODAY - timedelta(days=90)).isoformat()})
    house = House(redis, tenant)

    async def started(since: date) -> list[str]:
        house.since["assignments"] = since
        await house.repairs.first_loads("acme", ["assignments"])
        await house.run()
        return [subject for subject, *_ in await house.events()]

    assert await started(TODAY - timedelta(days=30)) == [recent]
    assert await started(TODAY - timedelta(days=20)) == [recent]
    assert await started(TODAY - timedelta(days=120)) == [recent, f"assignments/{old['id']}"]
    calls = await tenant.calls("GET /assignments")
    assert len(await started(TODAY - timedelta(days=120))) == 2
    assert await tenant.calls("GET /assignments") == calls


async def test_what_the_release_before_loaded_counts_as_loaded_from_the_day_that_is_configured(
    redis: Redis, tenant: Tenant
) -> None:
    house = House(redis, tenant)
    progress = ProgressStore(Scripts(redis))
    await progress.put("acme", "sync:assignments", Progress(finished_at=1.0), await progress.life())
    await house.repairs.first_loads("acme", ["assignments"])
    assert await house.owed.all("acme") == {}
    house.since["assignments"] = TODAY - timedelta(days=120)
    await house.repairs.first_loads("acme", ["assignments"])
    assert list(await house.owed.all("acme")) == ["assignments"]


async def test_what_a_collection_is_owed_that_only_newer_workers_know_is_left_to_them(
    redis: Redis, tenant: Tenant
) -> None:
    name, house = await shift(tenant), House(redis, tenant)
    await house.repairs.first_loads("acme", ["assignments"])
    await house.repairs.run("acme", lambda _: False)
    assert list(await house.owed.all("acme")) == ["assignments"]
    await house.run()
    assert await house.events() == [(name, "created", "sync")]


async def test_a_load_that_is_noted_already_is_not_noted_anew(redis: Redis, tenant: Tenant) -> None:
    """A later stamp would make a second look of it."""
    house = House(redis, tenant)
    await house.repairs.first_loads("acme", ["assignments"])
    noted = await house.owed.all("acme")
    await house.repairs.first_loads("acme", ["assignments"])
    assert await house.owed.all("acme") == noted


async def restarted(redis: Redis, *, silent: float) -> None:
    """The store is in another life, and the last pulse so many seconds old: as after a restart, or a restore."""
    beat = msgspec.json.encode({"life": "the-life-before", "at": clock.now() - silent})
    await redis.set("sw:{acme}:pulse", beat)


async def test_a_store_that_came_back_from_a_backup_is_compared_where_no_delta_catches_up(
    redis: Redis, tenant: Tenant
) -> None:
    """What was told after the backup lies far outside the days of the regular reconciliation."""
    name, house = await shift(tenant, until=None), House(redis, tenant)
    await house.repairs.first_loads("acme", ["assignments"])
    await house.run()
    await house.events()
    await tenant.edit(id=int(name.rpartition("/")[2]), comments="changed after the backup")
    await restarted(redis, silent=3600)
    with structlog.testing.capture_logs() as said:
        await house.repairs.after_restore("acme", ["assignments"], Pulse(house.scripts))
    assert [(line["log_level"], line["seconds"]) for line in said] == [("warning", 3600)]
    await house.run()
    assert (await house.events())[-1] == (name, "updated", "reconcile")
    await house.repairs.after_restore("acme", ["assignments"], Pulse(house.scripts))
    assert await house.owed.all("acme") == {}


async def test_after_a_restart_of_a_moment_nothing_is_owed(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await restarted(redis, silent=10)
    await house.repairs.after_restore("acme", ["assignments"], Pulse(house.scripts))
    assert await house.owed.all("acme") == {}


async def test_in_one_life_of_the_store_nothing_is_owed_however_long_nobody_worked(
    redis: Redis, tenant: Tenant
) -> None:
    house, pulse = House(redis, tenant), Pulse(Scripts(redis), gap_seconds=0.01)
    await house.repairs.after_restore("acme", ["assignments"], pulse)
    await asyncio.sleep(0.05)
    await house.repairs.after_restore("acme", ["assignments"], pulse)
    assert await house.owed.all("acme") == {}


async def test_a_delta_catches_up_by_itself_after_a_restore(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant, frozenset({"assignments"}))
    await restarted(redis, silent=3600)
    await house.repairs.after_restore("acme", ["assignments"], Pulse(house.scripts))
    assert await house.owed.all("acme") == {}

"""First loads and reconciliation, from the simulator through a real Redis and the gate."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, NoReturn, Self
from zoneinfo import ZoneInfo

import msgspec
import pytest
import structlog
from redis.asyncio import Redis

from tests.workers.tenants import Tenant, simulated
from workers.changes import TenantView
from workers.comparing import number_of
from workers.decisions import TenantIngest
from workers.first_loads import Behind
from workers.ingest import Ingest
from workers.protime import Endless, NotFound, Page, Patience, Protime, Resource, Transient, UriTooLong
from workers.reading import TenantReading
from workers.reconcile import Reconciliation, window_of
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.leases import Leases
from workers.store.progress import Progress, ProgressStore, lock_key
from workers.store.scripts import Scripts
from workers.store.state import States
from workers.sync import Busy, Sync

TODAY = date.today()  # noqa: DTZ011  # the simulator's day
SHIFT: dict[str, Any] = {"person": {"id": 1}, "from": TODAY.isoformat(), "startTimeInMinutes": 480}
P = Partition("acme", 0)


async def never(*_: object) -> None:
    raise AssertionError("nothing is to be fetched")


class House:
    def __init__(self, redis: Redis, tenant: Tenant, make: Callable[[Redis], Scripts] = Scripts) -> None:
        scripts = make(redis)
        self.redis, self.tenant = redis, tenant
        self.inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {"assignments": False}})
        self.leases, self.progress = Leases(scripts), ProgressStore(scripts)
        self.settings = TenantReading(
            tenant.client,
            lambda: TODAY,
            {"assignments": TODAY.replace(month=1, day=1)},
            {"assignments": []},
            frozenset(),
        )
        view = TenantIngest("acme", TenantView(ZoneInfo("Europe/Brussels"), 168), {"assignments": "payload"})
        self.ingest = Ingest(self.inbox, Gate(scripts), self.leases, {"acme": view}, never, lambda _: None)
        self.waits: list[float] = []
        patience = Patience(sleep=self._sleep, clock=lambda: sum(self.waits))
        self.sync = Sync(Behind(self.inbox, lambda _: None), self.leases, self.progress, patience=patience)
        states = States(redis, self.inbox)
        self.reconciliation = Reconciliation(self.inbox, states, lambda _: None, patience=patience)

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)

    async def load(self) -> Progress:
        return await self.sync.load(self.settings, "acme", "assignments")

    async def reconcile(self) -> tuple[list[str], list[str]]:
        window = window_of("assignments", TODAY, days_back=7, days_ahead=60)
        found = await self.reconciliation.run(self.settings, "acme", "assignments", window)
        return found.missed, found.deleted

    async def events(self) -> list[tuple[str, str, str]]:
        """All events so far: (subject, change, origin)."""
        await self.ingest.drain(P)
        found = [msgspec.json.decode(f[b"e"]) for _, f in await self.redis.xrange(P.events)]
        return [(e["subject"], e["data"]["change"], e["origin"]) for e in found]


class Lasting:
    """A client with some behaviour of its own, which it keeps when it is made patient."""

    def __init__(self, client: Protime) -> None:
        self.client = client

    def patient(self, patience: Patience) -> Self:
        return type(self)(self.client.patient(patience))


@pytest.fixture
async def tenant() -> AsyncIterator[Tenant]:
    async with simulated(page_size=2, empty_pages=1) as made:
        yield made


async def shifts(tenant: Tenant, count: int) -> list[str]:
    return [f"assignments/{(await tenant.edit(**SHIFT))['id']}" for _ in range(count)]


async def test_a_first_load_brings_every_record_with_the_origin_sync(redis: Redis, tenant: Tenant) -> None:
    names = await shifts(tenant, 5)
    house = House(redis, tenant)
    progress = await house.load()
    assert progress.records == 5
    assert progress.finished_at
    assert sorted(await house.events()) == [(name, "created", "sync") for name in names]


async def test_a_load_that_was_cut_off_goes_on_at_its_page(redis: Redis, tenant: Tenant) -> None:
    await shifts(tenant, 6)
    house = House(redis, tenant)
    pages = tenant.client.list("assignments", f"date ge '{TODAY.year}-01-01'", [])
    first = await anext(pages)
    await house.progress.put(
        "acme", "sync:assignments", Progress(first.next_link or "", 1, 2, 1.0), await house.progress.life()
    )
    progress = await house.load()
    assert progress.records == 6
    assert len(await house.events()) == 4


async def test_a_load_waits_for_protime_and_goes_on_where_it_stood(redis: Redis, tenant: Tenant) -> None:
    names = await shifts(tenant, 6)
    house = House(redis, tenant)
    await tenant.control("PATCH", "settings", {"error_burst": 3})
    assert (await house.load()).records == len(names)
    assert len(house.waits) == 3
    undisturbed = House(redis, tenant)
    before = await tenant.calls("GET /assignments")
    await undisturbed.load()
    assert before == 3 + await tenant.calls("GET /assignments") - before


async def test_a_second_load_finds_nothing_new_and_says_nothing_twice(redis: Redis, tenant: Tenant) -> None:
    await shifts(tenant, 3)
    house = House(redis, tenant)
    await house.load()
    before = await house.events()
    await house.load()
    assert await house.events() == before


async def test_two_loads_of_a_collection_do_not_run_at_once(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await house.leases.acquire(lock_key("acme", "sync:assignments"))
    with pytest.raises(Busy):
        await house.load()


@pytest.mark.rule("11.4-reconcile")
async def test_reconciliation_finds_missed_changes_and_names_them(redis: Redis, tenant: Tenant) -> None:
    first, _ = await shifts(tenant, 2)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.edit(id=int(first.rpartition("/")[2]), comments="nobody told us")
    [third] = await shifts(tenant, 1)
    assert await house.reconcile() == ([first, third], [])
    assert (await house.events())[2:] == [(first, "updated", "reconcile"), (third, "created", "reconcile")]
    assert await house.reconcile() == ([], [])


@pytest.mark.rule("8.9-absence")
async def test_a_deletion_nobody_told_of_is_reported_after_a_404(redis: Redis, tenant: Tenant) -> None:
    _, second = await shifts(tenant, 2)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.control("DELETE", f"records/{second}")
    assert await house.reconcile() == ([], [second])
    assert (await house.events())[2:] == [(second, "deleted", "reconcile")]
    assert await tenant.calls("GET /assignments/{id}") == 1
    assert await house.reconcile() == ([], [])


async def found_absent(house: House, name: str) -> str:
    """A 404 that was wrong made a tombstone of it; returns the version it has at Protime."""
    version = (await house.tenant.control("GET", "state/assignments"))[name.rpartition("/")[2]][
        "changeVersion"
    ]
    wrong = Arrival(name, f"{version}~", deleted=True, data=b"")
    await house.inbox.append("acme", "webhook", [wrong])
    await house.events()
    return str(version)


async def test_a_record_that_a_wrong_404_made_a_deletion_of_is_found_again(
    redis: Redis, tenant: Tenant
) -> None:
    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    await house.load()
    version = await found_absent(house, name)
    assert await house.reconcile() == ([name], [])
    assert await house.events() == [
        (name, "created", "sync"),
        (name, "deleted", "webhook"),
        (name, "created", "reconcile"),
    ]
    last = msgspec.json.decode((await redis.xrange(P.events))[-1][1][b"e"])
    assert (last["sequence"], last["data"]["resource"]["changeVersion"]) == (f"{version}~~", version)
    assert await house.reconcile() == ([], [])
    # What comes next is newer, and what was told before is not.
    await tenant.edit(id=int(name.rpartition("/")[2]), comments="on")
    await house.inbox.append("acme", "webhook", [Arrival(name, version, deleted=False, data=b"{}")])
    assert await house.reconcile() == ([name], [])
    assert [change for _, change, _ in (await house.events())[3:]] == ["updated"]


async def test_a_record_that_went_behind_the_list_is_not_brought_back_by_it(
    redis: Redis, tenant: Tenant
) -> None:
    class Behind(Lasting):
        """Its list is older than what it says of single records."""

        list = staticmethod(tenant.client.list)

        async def get(self, *_: object) -> NoReturn:
            raise NotFound(status=404)

    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    await house.load()
    await found_absent(house, name)
    house.settings = replace(house.settings, client=Behind(tenant.client))  # type: ignore[arg-type]
    assert await house.reconcile() == ([], [])
    assert [change for _, change, _ in await house.events()] == ["created", "deleted"]


@pytest.mark.rule("8.9-absence")
async def test_a_record_outside_the_window_is_not_taken_for_deleted(redis: Redis, tenant: Tenant) -> None:
    house = House(redis, tenant)
    await tenant.edit(**{**SHIFT, "from": (TODAY + timedelta(days=200)).isoformat()})
    await house.load()
    await house.events()
    assert await house.reconcile() == ([], [])
    assert await tenant.calls("GET /assignments/{id}") == 0


async def test_a_record_that_moved_out_of_the_window_is_told_and_not_deleted(
    redis: Redis, tenant: Tenant
) -> None:
    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.edit(id=int(name.rpartition("/")[2]), **{"from": (TODAY + timedelta(days=200)).isoformat()})
    assert await house.reconcile() == ([name], [])
    assert await tenant.calls("GET /assignments/{id}") == 1
    assert (await house.events())[1:] == [(name, "updated", "reconcile")]
    assert await house.reconcile() == ([], [])


@pytest.mark.rule("8.9-absence")
async def test_an_incomplete_traversal_reports_no_deletion(redis: Redis, tenant: Tenant) -> None:
    names = await shifts(tenant, 4)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.control("DELETE", f"records/{names[0]}")
    await tenant.control("PATCH", "settings", {"error_burst": 100})
    with pytest.raises(Transient):
        await house.reconcile()
    assert len(await house.events()) == 4
    assert 200 < sum(house.waits) <= 300


async def test_a_comparison_goes_on_where_protime_could_not_answer_for_a_while(
    redis: Redis, tenant: Tenant
) -> None:
    names = await shifts(tenant, 6)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.control("DELETE", f"records/{names[0]}")
    await tenant.edit(id=int(names[5].rpartition("/")[2]), comments="on the last page")
    troubles = iter((3, 2))

    class Troubled(Lasting):
        """The looks at single records are refused some times before they come."""

        async def get(self, *asked: Any) -> Resource:
            if (burst := next(troubles, 0)) > 0:
                await tenant.control("PATCH", "settings", {"error_burst": burst})
            return await self.client.get(*asked)

        async def list(self, *asked: Any) -> AsyncIterator[Page]:
            async for page in self.client.list(*asked):
                yield page

    house.settings = replace(house.settings, client=Troubled(tenant.client))  # type: ignore[arg-type]
    await tenant.control("PATCH", "settings", {"error_burst": 2})
    assert await house.reconcile() == ([names[5]], [names[0]])
    assert len(house.waits) >= 4
    assert max(house.waits) < 10  # each step begins anew with short waits


class Unwilling(Lasting):
    """Fails to show the records in `fails`, each time it is asked."""

    def __init__(self, client: Protime, fails: set[int], patience: Patience | None = None) -> None:
        super().__init__(client)
        self.fails, self.patience = fails, patience

    def patient(self, patience: Patience) -> Self:
        return type(self)(self.client.patient(patience), self.fails, patience)

    async def get(self, collection: str, number: int, *references: Any) -> Resource:
        if number in self.fails and self.patience:
            await self.patience.keep_at(self._fail)
        return await self.client.get(collection, number, *references)

    async def _fail(self) -> NoReturn:
        raise Transient(status=500)

    def list(self, *asked: Any) -> AsyncIterator[Page]:
        return self.client.list(*asked)


async def test_a_record_that_protime_fails_to_show_keeps_no_other_deletion_from_being_told(
    redis: Redis, tenant: Tenant
) -> None:
    names = await shifts(tenant, 4)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    for name in names[:3]:
        await tenant.control("DELETE", f"records/{name}")
    await house.events()
    fails = {number_of(names[0])}
    house.settings = replace(house.settings, client=Unwilling(tenant.client, fails))  # type: ignore[arg-type]
    with structlog.testing.capture_logs() as logs:
        missed, deleted = await house.reconcile()
    assert (missed, sorted(deleted)) == ([], names[1:3])
    [said] = [line for line in logs if line["log_level"] == "error"]
    assert said["left_out"] == [names[0]]
    assert 0 < sum(house.waits) <= 15
    await house.events()
    # It is asked for again, also where it is in no window any more.
    fails.clear()
    found = await house.reconciliation.run(
        house.settings, "acme", "assignments", window_of("assignments", TODAY + timedelta(90), 1, 1)
    )
    assert (found.deleted, found.left_out) == ([names[0]], [])
    assert [change for _, change, _ in await house.events()] == ["created"] * 4 + ["deleted"] * 3
    assert await house.reconcile() == ([], [])


async def test_when_protime_fails_with_one_record_after_the_other_no_deletion_is_told(
    redis: Redis, tenant: Tenant
) -> None:
    names = await shifts(tenant, 12)
    house = House(redis, tenant)
    await house.load()
    for name in names:
        await tenant.control("DELETE", f"records/{name}")
    await house.events()
    client = Unwilling(tenant.client, set(map(number_of, names)))
    house.settings = replace(house.settings, client=client)  # type: ignore[arg-type]
    with pytest.raises(Transient):
        await house.reconcile()
    assert len(await house.events()) == 12


async def test_a_list_whose_paging_token_expired_is_compared_from_the_first_page(
    redis: Redis, tenant: Tenant
) -> None:
    names = await shifts(tenant, 6)
    house = House(redis, tenant)
    expired = 0

    class Forgetful(Lasting):
        get = staticmethod(tenant.client.get)

        async def list(self, *asked: Any) -> AsyncIterator[Page]:
            nonlocal expired
            async for page in tenant.client.list(*asked):
                yield page
                if page.items and not expired:
                    expired += 1
                    await tenant.control("DELETE", "paging-tokens")

    house.settings = replace(house.settings, client=Forgetful(tenant.client))  # type: ignore[arg-type]
    assert await house.reconcile() == (names, [])
    assert expired == 1


async def test_a_load_that_was_refused_for_its_link_begins_anew_the_next_time(
    redis: Redis, tenant: Tenant
) -> None:
    names = await shifts(tenant, 6)
    house = House(redis, tenant)
    since = await house.progress.life()
    link = "/connector/protimeapi/api/v1/assignments?continuationToken=" + "x" * 5000
    await house.progress.put("acme", "sync:assignments", Progress(link, 1, 2, 1.0), since)
    with pytest.raises(UriTooLong):
        await house.load()
    assert (await house.load()).records == len(names)


async def test_a_load_that_was_led_in_circles_begins_anew_the_next_time(redis: Redis, tenant: Tenant) -> None:
    names = await shifts(tenant, 6)
    house = House(redis, tenant)

    class Circling(Lasting):
        async def list(self, *asked: Any) -> AsyncIterator[Page]:
            async for page in self.client.list(*asked):
                yield page
                if page.items:
                    raise Endless("the list has no end")

    whole = house.settings
    house.settings = replace(whole, client=Circling(tenant.client))  # type: ignore[arg-type]
    with pytest.raises(Endless):
        await house.load()
    house.settings = whole
    assert (await house.load()).pages > 3
    assert len(await house.events()) == len(names)


@pytest.mark.rule("11.4-reconcile")
async def test_a_late_delete_notification_after_a_reconciled_one_says_nothing_twice(
    redis: Redis, tenant: Tenant
) -> None:
    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    await tenant.control("DELETE", f"records/{name}")
    await house.reconcile()
    await house.events()
    version = (await tenant.control("GET", "state/assignments"))[name.rpartition("/")[2]]["changeVersion"]
    await house.inbox.append("acme", "webhook", [Arrival(name, version, deleted=True, data=b"")])
    assert [change for _, change, _ in await house.events()] == ["created", "deleted"]


@pytest.mark.rule("7-absent")
async def test_what_was_told_without_a_version_is_put_right_where_it_was_older(
    redis: Redis, tenant: Tenant
) -> None:
    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    await house.load()
    await house.events()
    [state] = await redis.hvals(P.state)  # type: ignore[misc]
    body = msgspec.json.decode(state.split(b" ", 3)[3])
    del body["changeVersion"]
    for comments in (None, "late and old"):
        data = msgspec.json.encode({**body, "comments": comments})
        await house.inbox.append("acme", "webhook", [Arrival(name, "", deleted=False, data=data)])
        await house.events()
    assert await house.reconcile() == ([name], [])
    assert [(change, origin) for _, change, origin in await house.events()] == [
        ("created", "sync"),
        ("updated", "webhook"),
        ("updated", "reconcile"),
    ]
    assert await house.reconcile() == ([], [])


async def test_what_cannot_be_understood_is_told_by_one_comparison_and_not_by_each(
    redis: Redis, tenant: Tenant
) -> None:
    class Strange(Lasting):
        """Gives times as texts while `strange`."""

        strange = True
        get = staticmethod(tenant.client.get)

        async def list(self, *asked: Any) -> AsyncIterator[Page]:
            async for page in tenant.client.list(*asked):
                items = [bytes(item).replace(b":480", b':"08:00"') for item in page.items]
                raw = [msgspec.Raw(item) for item in items] if Strange.strange else page.items
                yield msgspec.structs.replace(page, items=raw)

    async def letters() -> int:
        await house.events()
        return int(await redis.xlen(P.dead))

    [name] = await shifts(tenant, 1)
    house = House(redis, tenant)
    house.settings = replace(house.settings, client=Strange(tenant.client))  # type: ignore[arg-type]
    assert (await house.reconcile(), await letters()) == (([name], []), 1)
    assert (await house.reconcile(), await letters()) == (([], []), 1)
    await tenant.edit(id=number_of(name), comments="another version")
    assert (await house.reconcile(), await letters()) == (([name], []), 2)
    Strange.strange = False
    await tenant.edit(id=number_of(name), comments="one that is understood")
    assert await house.reconcile() == ([name], [])
    assert await house.events() == [(name, "created", "reconcile")]
    assert await redis.exists(P.rejected) == 0

"""Own writes on their way back: a client that registers them, the store, and the lanes of three sinks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from simulator.app import create_app
from simulator.settings import Settings
from workers.changes import TenantView
from workers.decisions import TenantIngest
from workers.dispatch import Dispatcher
from workers.events import Event
from workers.ingest import Ingest
from workers.protime import ClientCredentials, Invalid, Protime, Transient, Unconfirmed, Write, scopes_for
from workers.sinks.base import Failure, Retry, SinkOptions
from workers.store.connect import StoreUnreachable, connect
from workers.store.echo import OwnWrites, WriteRegister
from workers.store.gate import Gate
from workers.store.inbox import Arrival, Entry, Inbox
from workers.store.keys import Partition
from workers.store.lanes import Lane
from workers.store.leases import Leases
from workers.store.ledger import Ledger
from workers.store.scripts import Scripts

P = Partition("acme", 0)
AGENT = "Tests/v1 (Shiftwire)"
COLLECTIONS = ("assignments", "clockings")
WANTED = ("deliver", "mark", "drop")
CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
SHIFT: dict[str, Any] = {
    "person": {"id": 1},
    "from": "2026-03-10",
    "until": "2026-03-10",
    "activityLevels": [],
}


class Collecting:
    """A sink that keeps what it gets; `fails` answers with a failure as long as it is set."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.fails: Failure | None = None

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        if self.fails is not None:
            return dict.fromkeys(range(len(events)), self.fails)
        self.events += [e.as_dict() for e in events]
        return {}

    async def close(self) -> None:
        return None

    @property
    def told(self) -> list[tuple[str, bool]]:
        """(change, whether it is marked as our own)."""
        return [(e["data"]["change"], e.get("ownwrite", False)) for e in self.events]


class Line(httpx.AsyncBaseTransport):
    """The way to Protime: answers to writes come when `open` is set, or get lost."""

    def __init__(self, app: Any) -> None:
        self._inner = httpx.ASGITransport(app=app)
        self.open = asyncio.Event()
        self.open.set()
        self.lost: Exception | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(request)
        if "/api/v1/" in request.url.path and request.method != "GET":
            await self.open.wait()
            if self.lost is not None:
                raise self.lost
        return answer


async def _never(*_: object) -> Entry | None:
    raise AssertionError("nothing is to be fetched")


class House:
    """One partition, three sinks that differ in what they want of own writes, a tenant and a client that registers."""

    def __init__(self, redis: Redis, http: httpx.AsyncClient, line: Line) -> None:
        self.scripts, self.http, self.line = Scripts(redis), http, line
        self.register = WriteRegister(self.scripts, "acme", 24)
        self.client = self.client_with(self.register)
        self.inbox = Inbox(self.scripts, partitions=1, max_backlog=0, waiting={"acme": {}})
        self.leases = Leases(self.scripts)
        self.sinks = {name: Collecting() for name in WANTED}
        retry = Retry(min_seconds=0.05, max_seconds=0.1)
        self.dispatcher = Dispatcher(
            self.scripts,
            self.leases,
            {n: (SinkOptions(type="x", own_writes=n, retry=retry), s) for n, s in self.sinks.items()},  # type: ignore[arg-type]
            {},
        )
        tenant = TenantIngest(
            "acme", TenantView(ZoneInfo("Europe/Brussels"), 168), dict.fromkeys(COLLECTIONS, "payload")
        )
        gate = Gate(self.scripts)
        self.ingest = Ingest(
            self.inbox, gate, self.leases, {"acme": tenant}, _never, self.dispatcher.committed
        )

    def client_with(self, register: WriteRegister) -> Protime:
        credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret")
        scopes = scopes_for(COLLECTIONS, writes=COLLECTIONS)
        tokens = ClientCredentials(*credentials, scopes, user_agent=AGENT, http=self.http)
        return Protime("https://simulator", "acme", AGENT, tokens, http=self.http, observer=register)

    async def edit(self, collection: str, **fields: Any) -> int:
        """A planner's change."""
        answer = await self.http.post(f"https://simulator/control/records/{collection}", json=fields)
        return int(answer.raise_for_status().json()["id"])

    async def notify(self, *collections: str) -> None:
        """Protime tells the present state of everything; what is known already is passed over."""
        for collection in collections or COLLECTIONS:
            state = (await self.http.get(f"https://simulator/control/state/{collection}")).json()
            arrivals = [
                Arrival(
                    f"{collection}/{number}",
                    entry["changeVersion"],
                    deleted=entry["deleted"],
                    data=msgspec.json.encode(entry["record"]) if entry["record"] else b"",
                )
                for number, entry in state.items()
            ]
            await self.inbox.append("acme", "webhook", arrivals)
        await self.ingest.drain(P)

    async def balanced(self) -> dict[str, Any]:
        """In-flight counts by sink; each row of the ledger must balance."""
        ledger = Ledger(self.scripts, self.inbox, {"acme": COLLECTIONS})
        rows = {name: await ledger.row("acme", name) for name in WANTED}
        assert all(row.balanced for row in rows.values()), rows
        return {name: row.in_flight for name, row in rows.items()}

    async def quiet(self) -> None:
        for _ in range(200):
            if not any((await self.balanced()).values()):
                return
            await asyncio.sleep(0.02)
        raise AssertionError(await self.balanced())


@pytest.fixture
async def house(redis: Redis) -> AsyncIterator[House]:
    line = Line(create_app(Settings(rate_limit_per_minute=0)))
    async with httpx.AsyncClient(transport=line) as http:
        made = House(redis, http, line)
        for sink in WANTED:
            await Lane(made.scripts, P, sink).register()
        keeping = asyncio.create_task(made.leases.keep())
        yield made
        await made.dispatcher.stop()
        made.leases.stop()
        await keeping


async def test_each_sink_gets_of_our_writes_what_it_asked_for(house: House) -> None:
    number = await house.client.create_assignment(SHIFT)
    await house.notify()
    await house.client.change_assignment(number, {"comments": "ours"})
    await house.notify()
    await house.client.delete_assignment(number)
    await house.notify()
    await house.quiet()
    kinds = ["created", "updated", "deleted"]
    assert house.sinks["deliver"].told == [(kind, False) for kind in kinds]
    assert house.sinks["mark"].told == [(kind, True) for kind in kinds]
    assert house.sinks["drop"].told == []
    assert [e["id"] for e in house.sinks["mark"].events] == [e["id"] for e in house.sinks["deliver"].events]
    ledger = Ledger(house.scripts, house.inbox, {"acme": COLLECTIONS})
    dropping = await ledger.row("acme", "drop")
    assert (dropping.filtered, dropping.delivered) == (3, 0)


async def test_somebody_elses_changes_are_nobodys_echo(house: House) -> None:
    number = await house.client.create_assignment({**SHIFT, "comments": "ours"})
    await house.notify()
    await house.edit("assignments", id=number, comments="theirs")
    await house.notify()
    # Back to what we wrote: it came back once already, so this is theirs.
    await house.client.change_assignment(number, {"comments": "ours again"})
    await house.notify()
    await house.edit("assignments", id=number, comments="theirs")
    await house.notify()
    await house.edit("assignments", id=number, comments="ours again")
    await house.notify()
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await house.quiet()
    assert [own for _, own in house.sinks["mark"].told] == [True, False, True, False, False, False]
    assert len(house.sinks["drop"].events) == 4


async def test_an_event_that_is_faster_than_the_answer_waits_for_it(house: House) -> None:
    house.line.open.clear()
    writing = asyncio.create_task(house.client.create_clocking(CLOCKING))
    await asyncio.sleep(0.1)
    await house.edit("assignments", **SHIFT)
    await house.notify("assignments")
    await house.notify("clockings")
    await asyncio.sleep(0.3)
    assert len(house.sinks["deliver"].events) == 2
    for sink in ("mark", "drop"):  # what stands before it goes on, and it alone waits
        assert [e["data"]["collection"] for e in house.sinks[sink].events] == ["assignments"]
    assert await house.balanced() == {"deliver": 0, "mark": 1, "drop": 1}
    house.line.open.set()
    await writing
    await house.quiet()
    assert house.sinks["mark"].told == [("created", False), ("created", True)]
    assert house.sinks["drop"].told == [("created", False)]


async def test_writes_begun_after_an_event_do_not_hold_it(house: House) -> None:
    """So while writes go on and on, events of others still arrive."""
    first, second = (Write("clockings", "created", None, CLOCKING) for _ in range(2))
    await house.register.sending(first)
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await asyncio.sleep(0.2)
    assert house.sinks["mark"].events == []
    await house.register.sending(second)
    await house.register.answered(first, "refused")
    await house.quiet()
    assert house.sinks["mark"].told == [("created", False)]


async def test_of_two_events_with_our_values_only_the_first_is_ours(house: House) -> None:
    number = await house.edit("assignments", **SHIFT)
    await house.notify()
    await house.quiet()
    held = Write("clockings", "created", None, CLOCKING)
    await house.register.sending(held)
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await asyncio.sleep(0.1)  # the lanes wait, and will find the next three events in one reading
    await house.client.change_assignment(number, {"comments": "ours"})
    await house.notify()
    for comments in ("theirs", "ours"):
        await house.edit("assignments", id=number, comments=comments)
        await house.notify()
    await house.register.answered(held, "refused")
    await house.quiet()
    assert [own for _, own in house.sinks["mark"].told] == [False, False, True, False, False]


async def test_a_writer_that_was_killed_delays_by_the_life_of_its_intent(house: House) -> None:
    killed = WriteRegister(house.scripts, "acme", 24, life_ms=800)
    began = time.monotonic()
    await killed.sending(Write("clockings", "created", None, CLOCKING))
    await house.register.sending(Write("assignments", "updated", 1, SHIFT))  # goes on, elsewhere
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await asyncio.sleep(0.2)
    assert [len(house.sinks[sink].events) for sink in WANTED] == [1, 0, 0]
    await house.quiet()
    assert 0.7 < time.monotonic() - began < 5
    assert house.sinks["mark"].told == [("created", False)]


async def test_a_write_to_one_record_holds_no_other(house: House) -> None:
    mine, theirs = await house.edit("assignments", **SHIFT), await house.edit("assignments", **SHIFT)
    await house.notify()
    await house.register.sending(Write("assignments", "updated", mine, SHIFT))
    await house.edit("assignments", id=theirs, comments="theirs")
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await house.quiet()
    assert len(house.sinks["mark"].events) == 4


async def test_stopping_does_not_wait_for_an_open_intent(house: House) -> None:
    await house.register.sending(Write("clockings", "created", None, CLOCKING))
    await house.edit("clockings", **CLOCKING)
    await house.notify()
    await asyncio.sleep(0.1)
    async with asyncio.timeout(2):
        await house.dispatcher.stop()
    assert house.sinks["mark"].events == []
    assert (await house.balanced())["mark"] == 1


async def test_a_refused_write_holds_nothing(house: House) -> None:
    with pytest.raises(Invalid):
        await house.client.create_clocking({**CLOCKING, "person": {"id": 999_999}})
    assert (await OwnWrites(house.scripts).look("acme", [])).intents == frozenset()


async def test_a_change_without_an_answer_is_an_echo_all_the_same(house: House) -> None:
    number = await house.edit("assignments", **SHIFT)
    await house.notify()
    house.line.lost = httpx.ReadTimeout("")
    with pytest.raises(Transient):
        await house.client.change_assignment(number, {"comments": "ours"})
    await house.notify()
    await house.quiet()
    assert house.sinks["mark"].told == [("created", False), ("updated", True)]


async def test_a_creation_whose_answer_was_lost_is_an_echo_once_its_record_is_found(house: House) -> None:
    client = house.client_with(WriteRegister(house.scripts, "acme", 24, life_ms=600))
    house.line.lost = httpx.ReadTimeout("")
    with pytest.raises(Unconfirmed):
        await client.create_clocking(CLOCKING)
    await house.notify()
    state = (await house.http.get("https://simulator/control/state/clockings")).json()
    await client.confirmed("clockings", CLOCKING, int(next(iter(state))))
    await house.quiet()
    assert house.sinks["mark"].told == [("created", True)]


@pytest.mark.parametrize("failure", [Failure("HTTP 500"), Failure("refused", scope="sink")])
async def test_an_event_that_is_tried_again_is_marked_again(house: House, failure: Failure) -> None:
    house.sinks["mark"].fails = failure
    number = await house.client.create_assignment(SHIFT)
    await house.notify()
    await asyncio.sleep(0.2)
    await house.edit("assignments", id=number, comments="theirs")
    await house.notify()
    house.sinks["mark"].fails = None
    await house.quiet()
    assert house.sinks["mark"].told == [("created", True), ("updated", False)]


async def test_writes_are_forgotten_after_their_time(house: House) -> None:
    client = house.client_with(WriteRegister(house.scripts, "acme", keep_hours=0.2 / 3600))
    number = await client.create_clocking(CLOCKING)
    own = OwnWrites(house.scripts)
    assert len((await own.look("acme", [f"clockings/{number}"])).writes[f"clockings/{number}"]) == 1
    await house.register.answered(Write("clockings", "updated", number, CLOCKING), "done")
    await asyncio.sleep(0.3)
    (left,) = (await own.look("acme", [f"clockings/{number}"])).writes[f"clockings/{number}"]
    assert left.sent.kind == "updated"
    await house.register.answered(Write("clockings", "deleted", number), "done")
    (key,) = [key async for key in house.scripts.redis.scan_iter("*written*")]
    assert len(await house.scripts.redis.hkeys(key)) == 2
    assert 0 < await house.scripts.redis.ttl(key) <= 24 * 3600


async def test_nothing_is_sent_when_the_store_does_not_take_the_intent(house: House) -> None:
    nowhere = connect("redis://127.0.0.1:1/0", timeout=0.5)
    client = house.client_with(WriteRegister(Scripts(nowhere), "acme", 24))
    with pytest.raises(StoreUnreachable):
        await client.create_clocking(CLOCKING)
    state = (await house.http.get("https://simulator/control/state/clockings")).json()
    assert state == {}
    await nowhere.aclose()

"""Each row once, whatever happens on the way. Against the stand-in of a tenant, with a disturbed line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.workers.protime.writable import Disturb, Writable, writable
from workers.imports.importing import MOST_TROUBLES, Importing, Outcome
from workers.imports.journal import Journal
from workers.imports.plan import plan
from workers.imports.rows import Row
from workers.protime import PermissionDenied, RateLimited, Transient, Unconfirmed

TARGET = "https://simulator/acme/clockings"


@pytest.fixture
async def tenant() -> AsyncIterator[Writable]:
    async with writable() as made:
        yield made


def clocking(person: int = 1, minutes: int = 480, **more: Any) -> dict[str, Any]:
    return {
        "person": {"id": person},
        "date": "2026-03-10",
        "timeOfDayInMinutes": minutes,
        "kind": "InOut",
        **more,
    }


class Run:
    """One run of an import; its waiting is only counted."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "journal"
        self.waits: list[float] = []

    async def __call__(self, tenant: Writable, bodies: Sequence[dict[str, Any]]) -> list[Outcome]:
        told: list[Outcome] = []
        with Journal(self._path, TARGET) as journal:
            jobs = plan([Row(line, body) for line, body in enumerate(bodies, 2)], journal.steps)
            importing = Importing(
                tenant.client, "clockings", journal, told.append, settle_seconds=0, sleep=self._sleep
            )
            await importing.run(jobs)
        return told

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


async def kept(tenant: Writable) -> list[dict[str, Any]]:
    """The clockings at Protime as they were written."""
    names = ("person", "date", "timeOfDayInMinutes", "kind", "terminal")
    records = await tenant.records("clockings")
    return sorted(({n: r[n] for n in names if n in r} for r in records), key=str)


def on(method: str, heard: Exception | httpx.Response, when: str, *numbers: int) -> Disturb:
    return lambda m, n, w: heard if (m, w) == (method, when) and (not numbers or n in numbers) else None


LOST = httpx.ReadTimeout("")


async def test_each_row_becomes_a_record_and_a_second_run_has_nothing_to_do(
    tenant: Writable, run: Run
) -> None:
    bodies = [clocking(person) for person in range(1, 31)]
    outcomes = await run(tenant, bodies)
    assert Counter(o.outcome for o in outcomes) == {"created": 30}
    assert {o.line for o in outcomes} == set(range(2, 32))
    assert await run(tenant, bodies) == []
    assert await kept(tenant) == sorted(bodies, key=str)
    assert await tenant.calls("GET /clockings") == 0


@pytest.mark.rule("4.3-look-first")
async def test_rows_whose_answer_was_lost_are_found_and_not_sent_again(tenant: Writable, run: Run) -> None:
    bodies = [clocking(person) for person in range(1, 21)]
    tenant.line.disturb = on("POST", LOST, "after", 3, 9)
    outcomes = await run(tenant, bodies)
    assert Counter(o.outcome for o in outcomes)["found"] >= 2
    assert len(outcomes) == 20
    assert await kept(tenant) == sorted(bodies, key=str)


GATEWAY = b"<html><title>Gateway</title></html>"


@pytest.mark.rule("4.3-look-first")
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("status", "body"), [(408, b""), (502, b""), (503, b""), (504, GATEWAY), (403, GATEWAY), (400, GATEWAY)]
)
async def test_rows_of_which_a_gateway_alone_spoke_are_looked_for_before_they_are_sent_again(
    tenant: Writable, run: Run, when: str, status: int, body: bytes
) -> None:
    bodies = [
        {**clocking(person), "person": {"externalReferences": {"@badge-number": f"{1900 + person}"}}}
        for person in range(1, 7)
    ]
    tenant.line.disturb = on("POST", httpx.Response(status, content=body), when, 2, 5)
    outcomes = await run(tenant, bodies)
    assert Counter(o.outcome for o in outcomes)["found"] == (2 if when == "after" else 0)
    assert await tenant.calls("GET /clockings") >= 2
    assert len(await tenant.records("clockings")) == 6


@pytest.mark.rule("4.3-look-first")
async def test_rows_that_never_arrived_are_sent_again(tenant: Writable, run: Run) -> None:
    bodies = [clocking(person) for person in range(1, 21)]
    tenant.line.disturb = on("POST", LOST, "before", 3, 9)
    await run(tenant, bodies)
    assert await kept(tenant) == sorted(bodies, key=str)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_equal_rows_stay_as_many_as_they_are(tenant: Writable, run: Run, when: str) -> None:
    bodies = [clocking() for _ in range(10)]
    tenant.line.disturb = on("POST", LOST, when, 2, 5, 6)
    outcomes = await run(tenant, bodies)
    assert len({o.id for o in outcomes}) == 10
    assert await kept(tenant) == bodies


@pytest.mark.parametrize("arrived", [(1,), (2,), (1, 2), ()])
async def test_a_row_and_one_that_says_more_are_not_taken_for_each_other(
    tenant: Writable, run: Run, arrived: tuple[int, ...]
) -> None:
    bodies = [clocking(), clocking(terminal={"id": 3})]
    tenant.line.disturb = lambda method, number, when: (
        LOST
        if method == "POST" and number <= 2 and when == ("after" if number in arrived else "before")
        else None
    )
    await run(tenant, bodies)
    assert await kept(tenant) == sorted(bodies, key=str)


@pytest.mark.rule("11.1-overnight")
async def test_a_record_with_another_date_by_night_is_found(run: Run) -> None:
    person = {"externalReferences": {"@badge-number": "1901"}}
    async with writable(overnight=True) as tenant:
        tenant.line.disturb = on("POST", LOST, "after", 1)
        (outcome,) = await run(tenant, [{**clocking(minutes=1320), "person": person}])
        (record,) = await tenant.records("clockings")
    assert (outcome.outcome, outcome.id) == ("found", record["id"])
    assert (record["date"], record["timeOfDayInMinutes"]) == ("2026-03-11", -120)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("cut", range(1, 9))
async def test_wherever_a_run_is_cut_off_the_next_ones_complete_it(
    tenant: Writable, run: Run, cut: int, when: str
) -> None:
    bodies = [clocking(n % 2 + 1, terminal={"id": 3}) if n % 3 else clocking(n % 2 + 1) for n in range(9)]
    for more in (0, 4):
        running = asyncio.ensure_future(run(tenant, bodies))

        def end(method: str, number: int, at: str, last: int = cut + more, task: Any = running) -> None:
            if (method, number, at) == ("POST", last, when):
                task.cancel()

        tenant.line.disturb = end
        await asyncio.gather(running, return_exceptions=True)
    tenant.line.disturb = on("POST", LOST, "never")
    await run(tenant, bodies)
    assert await kept(tenant) == sorted(bodies, key=str)


async def test_a_row_that_protime_refuses_fails_alone_and_is_tried_again_by_the_next_run(
    tenant: Writable, run: Run
) -> None:
    bodies = [clocking(1), clocking(999), clocking(2)]
    outcomes = sorted(await run(tenant, bodies))
    assert [o.outcome for o in outcomes] == ["created", "failed", "created"]
    assert "refers to nothing in people" in outcomes[1].reason
    (again,) = await run(tenant, bodies)
    assert (again.line, again.outcome) == (3, "failed")
    assert len(await tenant.records("clockings")) == 2


@pytest.mark.rule("4.3-wait")
@pytest.mark.parametrize("status", [429, 503])
async def test_an_import_waits_as_long_as_protime_asks(tenant: Writable, run: Run, status: int) -> None:
    asked = httpx.Response(status, headers={"Retry-After": "42"})
    tenant.line.disturb = on("POST", asked, "before", 4)
    bodies = [clocking(person) for person in range(1, 11)]
    await run(tenant, bodies)
    assert 42 <= max(run.waits) < 60
    assert await kept(tenant) == sorted(bodies, key=str)


@pytest.mark.parametrize(
    ("heard", "error", "waits"),
    [
        (httpx.Response(429, headers={"Retry-After": "3600"}), RateLimited, 0),
        (httpx.Response(503), Unconfirmed, MOST_TROUBLES - 1),
        (httpx.ConnectError(""), Transient, 0),
        (LOST, Unconfirmed, MOST_TROUBLES - 1),
        (httpx.Response(403), PermissionDenied, 0),
    ],
)
async def test_an_import_stops_when_waiting_does_not_help_and_goes_on_later(
    tenant: Writable, run: Run, heard: Any, error: type[Exception], waits: int
) -> None:
    bodies = [clocking(person) for person in range(1, 8)]
    tenant.line.disturb = on("POST", heard, "before")
    with pytest.raises(error):
        await run(tenant, bodies)
    assert len([wait for wait in run.waits if wait]) == waits
    tenant.line.disturb = on("POST", heard, "never")
    await run(tenant, bodies)
    assert await kept(tenant) == sorted(bodies, key=str)


async def test_trouble_while_looking_loses_nothing(tenant: Writable, run: Run) -> None:
    bodies = [clocking(person) for person in range(1, 6)]
    tenant.line.disturb = lambda method, number, when: (
        LOST
        if (method, when) == ("POST", "after") and number < 3
        else httpx.Response(409)
        if (method, when) == ("GET", "before") and number < 3
        else None
    )
    await run(tenant, bodies)
    assert await kept(tenant) == sorted(bodies, key=str)

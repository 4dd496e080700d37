"""An import whose writes somebody listens to, since Protime sends them back as events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.workers.protime.writable import AGENT, WRITTEN, Writable, writable
from workers.imports.importing import LANES, Importing, Outcome
from workers.imports.journal import Journal
from workers.imports.plan import plan
from workers.imports.rows import Row
from workers.protime import ClientCredentials, Protime, Write, WriteObserver, WriteOutcome, scopes_for
from workers.store.connect import StoreUnreachable

BODIES = [
    {"person": {"id": person}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
    for person in range(1, 31)
]


class Ear:
    """Knows the records that are ours; objects to every write from a certain one on."""

    def __init__(self, objects_from: int = 1000) -> None:
        self.ours: list[int] = []
        self._left = iter(range(objects_from))

    async def sending(self, write: Write) -> None:  # noqa: ARG002
        if next(self._left, None) is None:
            raise StoreUnreachable("gone")
        await asyncio.sleep(0.02)  # others are on their way when one objects

    async def answered(self, write: Write, outcome: WriteOutcome) -> None:
        if outcome == "done" and write.number is not None:
            self.ours.append(write.number)


def observed(tenant: Writable, observer: WriteObserver) -> Protime:
    scopes = scopes_for(WRITTEN, writes=WRITTEN)
    credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
    tokens = ClientCredentials(*credentials, user_agent=AGENT, http=tenant.http)
    return Protime("https://simulator", "acme", AGENT, tokens, http=tenant.http, observer=observer)


async def run(folder: Path, client: Protime) -> list[Outcome]:
    told: list[Outcome] = []
    with Journal(folder / "journal", "target") as journal:
        jobs = plan([Row(line, body) for line, body in enumerate(BODIES, 2)], journal.steps)
        try:
            await Importing(client, "clockings", journal, told.append, settle_seconds=0, sleep=_at_once).run(
                jobs
            )
        except StoreUnreachable:
            told.append(Outcome(0, "failed"))
    return told


async def _at_once(_: float) -> None:
    return None


async def test_every_record_is_told_also_one_that_was_found_only_later(tmp_path: Path) -> None:
    async with writable() as tenant:
        lost: Iterator[Any] = iter([httpx.ReadTimeout("")])
        tenant.line.disturb = lambda method, number, when: (
            next(lost, None) if (method, number, when) == ("POST", 5, "after") else None
        )
        ear = Ear()
        outcomes = await run(tmp_path, observed(tenant, ear))
        assert "found" in {o.outcome for o in outcomes}
        assert sorted(ear.ours) == sorted(r["id"] for r in await tenant.records("clockings"))


@pytest.mark.parametrize("first", [0, 1, 12])
async def test_an_objection_stops_the_import_and_the_next_run_completes_it(
    tmp_path: Path, first: int
) -> None:
    async with writable() as tenant:
        outcomes = await run(tmp_path, observed(tenant, Ear(objects_from=first)))
        assert outcomes[-1].line == 0
        assert [o.outcome for o in outcomes[:-1]] == ["created"] * first
        assert len(await tenant.records("clockings")) == first
        await run(tmp_path, observed(tenant, Ear()))
        persons = sorted(r["person"]["id"] for r in await tenant.records("clockings"))
        assert persons == list(range(1, 31))
        assert await tenant.calls("GET /clockings") <= LANES

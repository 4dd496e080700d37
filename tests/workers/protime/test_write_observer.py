"""A program that hears of its own writes: before each is sent, and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.workers.protime.writable import AGENT, WRITTEN, Writable, writable
from workers.protime import (
    ClientCredentials,
    Conflict,
    Invalid,
    Pace,
    Protime,
    ProtimeError,
    Transient,
    Unconfirmed,
    Write,
    WriteOutcome,
    scopes_for,
)

CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
SHIFT: dict[str, Any] = {"person": {"id": 1}, "from": "2026-03-10", "activityLevels": []}


class Ear:
    """An observer that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int | None]] = []
        self.tickets: set[str] = set()
        self.objection: Exception | None = None

    async def sending(self, write: Write) -> None:
        self._note("sending", write)
        if self.objection is not None:
            raise self.objection

    async def answered(self, write: Write, outcome: WriteOutcome) -> None:
        self._note(outcome, write)

    def _note(self, what: str, write: Write) -> None:
        self.heard.append((what, f"{write.kind} {write.collection}", write.number))
        self.tickets.add(write.ticket)


@pytest.fixture
async def tenant() -> AsyncIterator[Writable]:
    async with writable() as made:
        yield made


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def client(tenant: Writable, ear: Ear) -> Protime:
    scopes = scopes_for(WRITTEN, writes=WRITTEN)
    credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
    tokens = ClientCredentials(*credentials, user_agent=AGENT, http=tenant.http)
    return Protime("https://simulator", "acme", AGENT, tokens, http=tenant.http, observer=ear)


async def test_every_write_is_told_before_it_is_sent_and_after_its_answer(client: Protime, ear: Ear) -> None:
    clocking = await client.create_clocking(CLOCKING)
    shift = await client.create_assignment(SHIFT)
    await client.change_assignment(shift, {"comments": "late"})
    await client.delete_assignment(shift)
    assert ear.heard == [
        ("sending", "created clockings", None),
        ("done", "created clockings", clocking),
        ("sending", "created assignments", None),
        ("done", "created assignments", shift),
        ("sending", "updated assignments", shift),
        ("done", "updated assignments", shift),
        ("sending", "deleted assignments", shift),
        ("done", "deleted assignments", shift),
    ]
    assert len(ear.tickets) == 4


async def test_reading_and_what_is_refused_here_are_not_told(client: Protime, ear: Ear) -> None:
    with pytest.raises(Invalid):
        await client.create_clocking({**CLOCKING, "kind": "Tea"})
    with pytest.raises(ProtimeError):
        await client.get("clockings", 1)
    assert ear.heard == []


LOST = httpx.ReadTimeout("")


@pytest.mark.parametrize(
    ("heard", "error", "outcome"),
    [
        (httpx.Response(400), Invalid, "refused"),
        (httpx.Response(409), Conflict, "refused"),
        (httpx.Response(429), Transient, "refused"),
        (httpx.Response(500), Unconfirmed, "unknown"),
        (httpx.Response(503), Unconfirmed, "unknown"),
        (httpx.Response(201), Unconfirmed, "unknown"),
        (LOST, Unconfirmed, "unknown"),
    ],
)
async def test_an_error_says_whether_the_write_may_have_happened(
    tenant: Writable,
    client: Protime,
    ear: Ear,
    heard: Exception | httpx.Response,
    error: type[ProtimeError],
    outcome: str,
) -> None:
    tenant.line.disturb = lambda method, _number, when: heard if (method, when) == ("POST", "after") else None
    with pytest.raises(error):
        await client.create_clocking(CLOCKING)
    assert [what for what, _, _ in ear.heard] == ["sending", outcome]


async def test_an_objection_keeps_the_request_from_leaving(
    tenant: Writable, client: Protime, ear: Ear
) -> None:
    ear.objection = RuntimeError("not now")
    with pytest.raises(RuntimeError, match="not now"):
        await client.create_clocking(CLOCKING)
    assert await tenant.records("clockings") == []


async def test_a_write_is_told_behind_the_rate_limit(tenant: Writable, ear: Ear) -> None:
    """Else an intent would be old before its request leaves."""
    order: list[str] = []

    class Told(Ear):
        async def sending(self, write: Write) -> None:  # noqa: ARG002
            order.append("sending")

    class Counted(Pace):
        async def acquire(self) -> None:
            order.append("turn")

    scopes = scopes_for(WRITTEN, writes=WRITTEN)
    credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes)
    tokens = ClientCredentials(*credentials, user_agent=AGENT, http=tenant.http)
    client = Protime(
        "https://simulator", "acme", AGENT, tokens, http=tenant.http, observer=Told(), limit=Counted(600)
    )
    await client.create_clocking(CLOCKING)
    assert order == ["turn", "sending"]


async def test_a_creation_found_later_is_told_as_done(client: Protime, ear: Ear) -> None:
    await client.confirmed("clockings", CLOCKING, 8192)
    assert ear.heard == [("done", "created clockings", 8192)]

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from service.cli.demo_writer import PatientWriter, writer
from simulator.app import create_app
from simulator.day import Refused
from simulator.settings import Settings
from workers.protime import Transient

CLOCKING = {"person": {"id": 1}, "date": "2026-03-03", "timeOfDayInMinutes": 480, "kind": "InOut"}


class Line(httpx.AsyncBaseTransport):
    """The simulator in this process; `windows` says for each call in turn whether maintenance is on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.windows: list[bool] = []
        self._inner = httpx.ASGITransport(app=create_app(settings))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.windows and "connect/token" not in request.url.path:
            self.settings.unavailable = self.windows.pop(0)
        return await self._inner.handle_async_request(request)


@asynccontextmanager
async def written(**settings: Any) -> AsyncIterator[tuple[PatientWriter, Line]]:
    line = Line(Settings(**{"people": 3, **settings}))
    async with (
        httpx.AsyncClient(transport=line) as http,
        writer("https://sim", "acme", "shiftwire", line.settings.client_secret, http=http) as found,
    ):
        yield found, line


async def test_what_the_tenant_does_not_accept_is_refused() -> None:
    async with written() as (found, _):
        with pytest.raises(Refused):
            await found.create_clocking({**CLOCKING, "person": {"id": 99_999}})
        with pytest.raises(Refused):
            await found.create_clocking({"person": {"id": 1}})
        with pytest.raises(Refused):
            await found.delete_assignment(1)


async def test_an_error_burst_refuses_a_creation_since_it_may_have_happened() -> None:
    async with written() as (found, line):
        line.settings.error_burst = 1
        with pytest.raises(Refused):
            await found.create_clocking(CLOCKING)
        assert await found.create_clocking(CLOCKING)


async def test_it_waits_as_long_as_a_maintenance_window_says_and_repeats_a_few_times() -> None:
    async with written(unavailable=True, retry_after_seconds=0) as (found, _):
        with pytest.raises(Refused, match="503"):
            await found.create_clocking(CLOCKING)


async def test_a_maintenance_window_that_ends_in_time_loses_nothing() -> None:
    async with written(retry_after_seconds=0) as (found, line):
        line.windows = [True, True, False]
        assert await found.create_clocking(CLOCKING)
    assert line.windows == []


async def test_no_answer_at_all_ends_the_day() -> None:
    async with writer("http://127.0.0.1:1", "acme", "shiftwire", "secret") as found:
        with pytest.raises(Transient):
            await found.create_clocking(CLOCKING)

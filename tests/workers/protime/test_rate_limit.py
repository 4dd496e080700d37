"""What a 429 or 503 does to everybody who shares the rate limit, against the simulator."""

from __future__ import annotations

import httpx
import pytest

from simulator.app import create_app
from simulator.settings import Settings
from workers.protime import ClientCredentials, Protime, ProtimeError, RateLimited, scopes_for

AGENT = "Tests/v1 (Shiftwire)"


class Limit:
    """Notes what it is asked."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def acquire(self) -> None: ...

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)


async def ask_often(client: Protime) -> None:
    for _ in range(3):
        _ = [page async for page in client.list("people")]


async def paused_by(**settings: object) -> list[float]:
    limit = Limit()
    app = create_app(Settings(**settings))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes_for(["people"]))
        tokens = ClientCredentials(*credentials, user_agent=AGENT, http=http)
        client = Protime("https://simulator", "acme", AGENT, tokens, http=http, limit=limit)
        with pytest.raises(ProtimeError):
            await ask_often(client)
    return limit.pauses


@pytest.mark.rule("4.3-wait")
async def test_a_429_pauses_everybody_for_as_long_as_protime_asks() -> None:
    [seconds] = await paused_by(rate_limit_per_minute=1)
    assert 0 < seconds <= 60


@pytest.mark.rule("4.3-wait")
async def test_a_maintenance_window_pauses_everybody_too() -> None:
    assert await paused_by(unavailable=True, retry_after_seconds=120) == [120]


async def test_an_answer_that_names_absurd_times_pauses_for_an_hour() -> None:
    assert await paused_by(unavailable=True, retry_after_seconds=10**8) == [3600]


async def test_a_server_error_without_a_time_pauses_nobody_else() -> None:
    assert await paused_by(error_rate=1.0) == []


async def test_a_limit_may_refuse_instead_of_waiting() -> None:
    class Full(Limit):
        async def acquire(self) -> None:
            raise RateLimited("not sent", retry_after=30)

    app = create_app(Settings())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
        credentials = ("https://simulator", "acme", "shiftwire", "simulated-secret", scopes_for(["people"]))
        tokens = ClientCredentials(*credentials, user_agent=AGENT, http=http)
        client = Protime("https://simulator", "acme", AGENT, tokens, http=http, limit=Full())
        with pytest.raises(RateLimited, match="not sent"):
            await client.get("people", 1)

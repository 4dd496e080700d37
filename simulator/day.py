"""The day player: planners and people at work, through the tenant's public API alone."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import httpx

from simulator.day_plan import CLOSES, OPENS, Step, clock, plan
from simulator.listing import BASE

SCOPES = ("assignments.read", "assignments.write", "clockings.read", "clockings.write")
USER_AGENT = "DayPlayer/v1 (Shiftwire)"
PATIENCE = 3  # tries of a call that the rate limit or a maintenance window refused


@dataclass
class DaySummary:
    """What was done: calls by action (`plan`, `move`, `clock in`, …), and those that were refused."""

    actions: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    @property
    def total(self) -> int:
        return self.actions.total()


async def play(
    base_url: str,
    *,
    tenant: str,
    client_id: str,
    client_secret: str,
    day: date,
    people: int,
    seconds: float,
    seed: int,
    on_action: Callable[[str], None] | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> DaySummary:
    """Play `day` for people 1…`people` within about `seconds`; one call after another, so a seed repeats exactly.

    Raises httpx.HTTPError when the simulator cannot be reached or gives no token.
    """
    summary = DaySummary()
    headers = {"User-Agent": USER_AGENT}
    async with httpx.AsyncClient(
        base_url=base_url, headers=headers, transport=transport, timeout=30
    ) as client:
        await _log_in(client, tenant, client_id, client_secret)
        locations: dict[str, str] = {}
        begun = time.monotonic()
        for step in plan(day, people, seed):
            due = begun + seconds * min(1.0, max(0.0, (step.minute - OPENS) / (CLOSES - OPENS)))
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if await _take(client, step, locations):
                summary.actions[step.action] += 1
            else:
                summary.failed += 1
            if on_action is not None:
                on_action(f"{clock(step.minute)}  {step.text}")
    return summary


async def _log_in(client: httpx.AsyncClient, tenant: str, client_id: str, client_secret: str) -> None:
    scope = " ".join(f"connector-protimeapi-{name}" for name in SCOPES)
    form = {
        "grant_type": "client_credentials",
        "scope": scope,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    response = await client.post(f"/tenants/{tenant}/connect/token", data=form)
    response.raise_for_status()
    client.headers["Authorization"] = f"Bearer {response.json()['access_token']}"


async def _take(client: httpx.AsyncClient, step: Step, locations: dict[str, str]) -> bool:
    """Make the call of one step; False when it was refused."""
    if step.method == "POST":
        response = await _send(client, "POST", f"{BASE}/{step.collection}", step)
        if response.is_success and step.shift:
            locations[step.shift] = response.headers["Location"]
        return response.is_success
    if step.shift not in locations:
        return False
    return (await _send(client, step.method, locations[step.shift], step)).is_success


async def _send(client: httpx.AsyncClient, method: str, path: str, step: Step) -> httpx.Response:
    """Wait and repeat where the answer says when; nothing was done then, so a POST may be repeated too."""
    response = await client.request(method, path, json=step.body)
    for _ in range(PATIENCE - 1):
        if response.status_code not in (429, 503):
            break
        await asyncio.sleep(float(response.headers.get("Retry-After", 1)))
        response = await client.request(method, path, json=step.body)
    return response

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx

from service.cli.demo_writer import PatientWriter, writer
from simulator.day import Refused, play
from simulator.day_plan import plan

DAY = date(2026, 3, 4)


@asynccontextmanager
async def hands(sim: Any) -> AsyncIterator[PatientWriter]:
    transport = httpx.ASGITransport(app=sim.app)
    secret = sim.settings.client_secret
    async with (
        httpx.AsyncClient(transport=transport) as http,
        writer("https://sim", "acme", sim.settings.client_id, secret, http=http) as found,
    ):
        yield found


class Deaf:
    """A writer that accepts clockings only."""

    async def create_assignment(self, body: Mapping[str, Any]) -> int:
        raise Refused(str(body))

    async def update_assignment(self, number: int, body: Mapping[str, Any]) -> None:
        raise AssertionError(f"{number} was never planned: {body}")

    async def delete_assignment(self, number: int) -> None:
        raise AssertionError(f"{number} was never planned")

    async def create_clocking(self, body: Mapping[str, Any]) -> int:
        return len(body)


def test_the_same_seed_plans_the_same_day() -> None:
    assert plan(DAY, 10, 1) == plan(DAY, 10, 1)
    assert plan(DAY, 10, 1) != plan(DAY, 10, 2)


def test_a_shift_is_planned_before_it_changes_and_not_touched_after_its_end() -> None:
    for seed in range(20):
        seen: dict[str, str] = {}
        for step in plan(DAY, 10, seed):
            if step.shift:
                assert (step.action == "plan") is (step.shift not in seen)
                assert seen.get(step.shift) != "cancel"
                seen[step.shift] = step.action


def test_a_shift_that_is_reassigned_goes_to_somebody_else() -> None:
    reassigned = 0
    for seed in range(20):
        whose: dict[str, Any] = {}
        for step in plan(DAY, 2, seed):
            if step.action == "reassign":
                reassigned += 1
                assert step.body
                assert step.body["person"] != whose[step.shift]
            if step.shift and step.body:
                whose[step.shift] = step.body["person"]
    assert reassigned > 5


def test_alone_nobody_hands_a_shift_on() -> None:
    assert not any(step.action == "reassign" for seed in range(20) for step in plan(DAY, 1, seed))


async def test_a_day_is_played_without_a_refusal(sim: Any) -> None:
    said: list[str] = []
    async with hands(sim) as found:
        summary = await play(found, day=DAY, people=10, seconds=0.0, seed=1, on_action=said.append)
    assert summary.failed == 0
    assert summary.actions["plan"] == 20
    assert summary.actions["clock in"] == summary.actions["clock out"] > 0
    assert {"move", "lengthen", "reassign", "cancel", "comment"} <= set(summary.actions)
    assert len(said) == summary.total == len(plan(DAY, 10, 1))


async def test_a_day_outlasts_the_life_of_a_token(sim: Any) -> None:
    async with hands(sim) as found:
        await found.create_assignment(sim.assignment())
        sim.clock.now += 1801  # the client has not noticed yet
        summary = await play(found, day=DAY, people=3, seconds=0.0, seed=1)
    assert summary.failed == 0


async def test_a_change_of_a_shift_that_was_refused_is_refused_too() -> None:
    steps = plan(DAY, 10, 1)
    summary = await play(Deaf(), day=DAY, people=10, seconds=0.0, seed=1)
    assert summary.failed == sum(step.collection == "assignments" for step in steps)
    assert set(summary.actions) == {"clock in", "clock out"}

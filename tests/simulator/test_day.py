from __future__ import annotations

from datetime import date
from typing import Any

import httpx

from simulator.day import play
from simulator.day_plan import plan

DAY = date(2026, 3, 4)


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


async def test_a_day_is_played_without_a_refusal(sim: Any) -> None:
    said: list[str] = []
    summary = await play(
        "http://sim",
        tenant="acme",
        client_id=sim.settings.client_id,
        client_secret=sim.settings.client_secret,
        day=DAY,
        people=10,
        seconds=0.0,
        seed=1,
        on_action=said.append,
        transport=httpx.ASGITransport(app=sim.app),
    )
    assert summary.failed == 0
    assert summary.actions["plan"] == 20
    assert summary.actions["clock in"] == summary.actions["clock out"] > 0
    assert {"move", "lengthen", "reassign", "cancel", "comment"} <= set(summary.actions)
    assert len(said) == summary.total == len(plan(DAY, 10, 1))

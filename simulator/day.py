"""The day player: planners and people at work, by way of whatever writes to the tenant's public API."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from simulator.day_plan import CLOSES, OPENS, Step, clock, plan


class Refused(Exception):
    """A write that was not accepted, now or after waiting; the day goes on without it."""


class Writer(Protocol):
    """Writes assignments and clockings; waits and repeats by itself where the answer asks for it.

    Raises Refused for a write that the tenant did not accept. Anything else ends the day.
    """

    async def create_assignment(self, body: Mapping[str, Any]) -> int: ...

    async def update_assignment(self, number: int, body: Mapping[str, Any]) -> None: ...

    async def delete_assignment(self, number: int) -> None: ...

    async def create_clocking(self, body: Mapping[str, Any]) -> int: ...


@dataclass
class DaySummary:
    """What was done: calls by action (`plan`, `move`, `clock in`, …), and those that were refused."""

    actions: Counter[str] = field(default_factory=Counter)
    failed: int = 0

    @property
    def total(self) -> int:
        return self.actions.total()


async def play(
    writer: Writer,
    *,
    day: date,
    people: int,
    seconds: float,
    seed: int,
    on_action: Callable[[str], None] | None = None,
) -> DaySummary:
    """Play `day` for people 1…`people` within about `seconds`; one call after another, so a seed repeats exactly.

    Raises what the writer raises, but for Refused.
    """
    summary = DaySummary()
    numbers: dict[str, int] = {}  # of the assignments, by the names of their shifts
    begun = time.monotonic()
    for step in plan(day, people, seed):
        due = begun + seconds * min(1.0, max(0.0, (step.minute - OPENS) / (CLOSES - OPENS)))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        try:
            await _take(writer, step, numbers)
            summary.actions[step.action] += 1
        except Refused:
            summary.failed += 1
        if on_action is not None:
            on_action(f"{clock(step.minute)}  {step.text}")
    return summary


async def _take(writer: Writer, step: Step, numbers: dict[str, int]) -> None:
    body = step.body or {}
    if step.collection == "clockings":
        await writer.create_clocking(body)
    elif step.method == "POST":
        numbers[step.shift] = await writer.create_assignment(body)
    elif step.shift not in numbers:
        raise Refused("the shift was never planned")
    elif step.method == "PUT":
        await writer.update_assignment(numbers[step.shift], body)
    else:
        await writer.delete_assignment(numbers[step.shift])

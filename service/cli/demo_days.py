"""The days that the demo plays: one, or one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta

from service.cli.demo_setup import CLIENT_ID, CLIENT_SECRET, TENANT, Setup
from service.cli.demo_writer import writer
from simulator.day import play


@dataclass(frozen=True)
class Day:
    """What the day player is told. The same numbers give the same actions."""

    date: date
    people: int
    seed: int
    seconds: float

    def next(self) -> Day:
        return Day(self.date + timedelta(days=1), self.people, self.seed + 1, self.seconds)


@dataclass
class Days:
    """What was played: `actions` by name of the days that ended, `done` on all days, `refused` by the simulator."""

    day: Day
    setup: Setup
    endless: bool
    actions: Counter[str] = field(default_factory=Counter)
    done: int = 0
    refused: int = 0

    async def play(self, on_action: Callable[[str], None], on_day: Callable[[date], None]) -> None:
        """Until it is cancelled, or for one day. Raises `ProtimeError` when the simulator does not answer."""
        on_day(self.day.date)
        await self._one(on_action)
        while self.endless:
            self.day = self.day.next()
            on_day(self.day.date)
            await self._one(on_action)

    async def _one(self, on_action: Callable[[str], None]) -> None:
        def counted(text: str) -> None:
            self.done += 1
            on_action(text)

        async with writer(self.setup.simulator, TENANT, CLIENT_ID, CLIENT_SECRET) as hands:
            summary = await play(
                hands,
                day=self.day.date,
                people=self.day.people,
                seconds=self.day.seconds,
                seed=self.day.seed,
                on_action=counted,
            )
        self.actions += summary.actions
        self.refused += summary.failed

"""Calls a lane again at the times at which something of it is due: one timer for each lane, however often it is asked for.

A lane that is held back learns so with every commit, and a sink may be away for hours. A convenience of this process: were it
killed, the sweep would find the same work at the same time.
"""

from __future__ import annotations

import asyncio
import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field

#: Times are told apart no finer than this (seconds), and rounded up.
_TICK_SECONDS = 0.01

Start = Callable[[], None]


@dataclass
class _Lane:
    """`ticks` is a heap of all times; the timer goes off at the first of them."""

    start: Start
    ticks: list[int] = field(default_factory=list)
    known: set[int] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None


class Alarms:
    def __init__(self) -> None:
        self._lanes: dict[str, _Lane] = {}

    def __len__(self) -> int:
        """How many timers there are."""
        return len(self._lanes)

    def ring(self, name: str, seconds: float, start: Start) -> None:
        """In so many seconds, or at once. Under one name it is always the same that is started."""
        due = asyncio.get_running_loop().time() + max(0.0, seconds)
        tick = math.ceil(due / _TICK_SECONDS) + 1
        lane = self._lanes.setdefault(name, _Lane(start))
        if tick in lane.known:
            return
        lane.known.add(tick)
        heapq.heappush(lane.ticks, tick)
        if lane.ticks[0] == tick:
            self._arm(name, lane)

    def stop(self) -> None:
        for lane in self._lanes.values():
            if lane.timer is not None:
                lane.timer.cancel()
        self._lanes.clear()

    def _arm(self, name: str, lane: _Lane) -> None:
        if lane.timer is not None:
            lane.timer.cancel()
        lane.timer = asyncio.get_running_loop().call_at(lane.ticks[0] * _TICK_SECONDS, self._go, name)

    def _go(self, name: str) -> None:
        lane = self._lanes[name]
        lane.known.discard(heapq.heappop(lane.ticks))
        if lane.ticks:
            self._arm(name, lane)
        else:
            del self._lanes[name]
        lane.start()

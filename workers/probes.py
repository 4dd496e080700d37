"""Lanes of this process that an open breaker has turned away: when the next try is due, one of them goes.

A convenience of this process: were it killed, the sweep would find a lane for the same try.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from workers import clock
from workers.breaker_rules import RETRY_GRACE_MS

#: So long until the next lane may go when the one before it had nothing to send, or somebody else tries just now.
_LEAST_SECONDS = 0.5

Start = Callable[[], None]


class Probes:
    def __init__(self) -> None:
        self._fresh: dict[str, dict[str, Start]] = {}
        self._retries: dict[str, dict[str, Start]] = {}
        self._armed: dict[str, asyncio.TimerHandle] = {}

    def turned_away(self, sink: str, lane: str, start: Start, until_ms: int, *, retry: bool) -> None:
        """`lane` names it; new events go before those that have failed already."""
        waiting = self._retries if retry else self._fresh
        waiting.setdefault(sink, {})[lane] = start
        if sink not in self._armed:
            due = until_ms + (RETRY_GRACE_MS if retry else 0)
            left = due / 1000 - clock.now()
            # Overdue: somebody else is trying it just now.
            self._arm(sink, left + 0.01 if left > 0 else _LEAST_SECONDS)

    def forget(self, sink: str) -> None:
        """The sink is back: all its lanes go anyway."""
        self._fresh.pop(sink, None)
        self._retries.pop(sink, None)
        if armed := self._armed.pop(sink, None):
            armed.cancel()

    def _arm(self, sink: str, seconds: float) -> None:
        self._armed[sink] = asyncio.get_running_loop().call_later(seconds, self._go, sink)

    def _go(self, sink: str) -> None:
        del self._armed[sink]
        lanes = self._fresh.get(sink) or self._retries.get(sink)
        if not lanes:
            return
        start = lanes.pop(random.choice(list(lanes)))  # noqa: S311  # no secret
        if self._fresh.get(sink) or self._retries.get(sink):
            self._arm(sink, _LEAST_SECONDS)
        start()

"""Waiting for Protime: a read that failed for the moment is repeated, for so long and no longer.

    Protime(…, patience=Patience(total_seconds=60))     # without it nothing is repeated

Reads alone: a POST may have been carried out, a PUT would meet itself as a conflict, a DELETE as a 404 (protime-api §4.3).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from workers.protime.errors import Transient

T = TypeVar("T")

_LEAST_SECONDS = 1.0
#: Where Protime does not say how long, nobody waits for longer between two attempts.
_MOST_SECONDS = 60.0
_DICE = random.Random()  # noqa: S311  # spreads retries, guards nothing


@dataclass(frozen=True)
class Patience:
    """`total_seconds`: from the first attempt of a request to its last, each page of a list counting for itself.

    `told` hears of each wait before it begins: what happened, and for how many seconds it waits. `worth` says what is
    waited for at all: somebody who looks on may not want to wait for a host that is not there.
    """

    total_seconds: float = 300.0
    told: Callable[[Transient, float], None] | None = None
    worth: Callable[[Transient], bool] = lambda _: True
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = _DICE.random

    async def keep_at(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """What the first attempt that succeeds gives.

        Raises what is not Transient at once, and what is when the next attempt would come too late.
        """
        until, failures = self.clock() + self.total_seconds, 0
        while True:
            try:
                return await attempt()
            except Transient as error:
                failures += 1
                seconds = pause(failures, self.chance(), error.retry_after)
                if not self.worth(error) or self.clock() + seconds > until:
                    raise
                if self.told is not None:
                    self.told(error, seconds)
            await self.sleep(seconds)


def pause(failures: int, chance: float, retry_after: float | None) -> float:
    """Seconds after so many failures in a row: doubled each time, never before `retry_after`, plus up to a quarter."""
    planned = min(_MOST_SECONDS, _LEAST_SECONDS * 2.0 ** min(failures - 1, 30))
    return max(planned, retry_after or 0.0) * (1 + 0.25 * chance)

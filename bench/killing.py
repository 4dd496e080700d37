"""`kill -9` of the worker with its children in the middle of the work; it is started again at once."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Sequence
from typing import Any

from bench.house import House, requests
from bench.load import sent
from bench.protime import Change

#: What has not come so long after the kill counts as missing: some queues give it back after a minute or an hour.
PATIENCE_SECONDS = 20.0
_LOOK_SECONDS = 0.002
#: What the sink still reads from a connection of the dead is not a sign of life.
_ECHO_SECONDS = 0.05


async def killed(house: House, count: int) -> dict[str, Any]:
    """`missing` and `doubled` are counted by number; `again_seconds` is from the kill to the next arrival.

    One more change follows the kill: where all had come already, it is the one that is waited for.
    """
    changes, before = await house.changes(count), _repeats(house)
    sending = asyncio.create_task(sent(house.port, requests(changes)))
    await _half_way(house, changes)
    at = time.perf_counter()
    house.processes.signal(signal.SIGKILL, "worker")
    house.start("worker")
    await sending
    changes += (after := await house.changes(1))
    await sent(house.port, requests(after), connections=1)
    await house.delivered(changes, PATIENCE_SECONDS)
    later = [when - at for when in _came(house, changes) if when > at + _ECHO_SECONDS]
    return {
        "changes": len(changes),
        "missing": len(changes) - len(_came(house, changes)),
        "doubled": _repeats(house) - before,
        "again_seconds": min(later, default=PATIENCE_SECONDS),
    }


async def _half_way(house: House, changes: Sequence[Change]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(_came(house, changes)) < len(changes) // 2:
            await asyncio.sleep(_LOOK_SECONDS)


def _came(house: House, changes: Sequence[Change]) -> list[float]:
    first = house.arrivals.first
    return [first[change.key] for change in changes if change.key in first]


def _repeats(house: House) -> int:
    return house.arrivals.events - len(house.arrivals.first)

"""What a candidate is put through, one after another, in one house."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.configuration import PATH
from bench.house import House, requests
from bench.latency import percentiles
from bench.load import request, sent
from bench.open_load import OpenLoad, Told
from bench.protime import Change

_SETTLE_SECONDS = 0.3
_TICK_SECONDS = 0.002
#: The event loop counts in milliseconds: less would be no pause at all, and the load would take a core from those it measures.
_SHORTEST_TICK_SECONDS = 0.001


@dataclass
class Proof:
    """By number: what was accepted and never came, and what came once more than it should."""

    lost: int = 0
    doubled: int = 0
    told: set[tuple[int, str]] = field(default_factory=set)

    def of(self, house: House, changes: Sequence[Change]) -> None:
        """Looks anew at everything that was told so far."""
        self.told |= {change.key for change in changes}
        self.lost = len(self.told - house.arrivals.first.keys())
        self.doubled = house.arrivals.events - len(house.arrivals.first)


async def warm(house: House, count: int, proof: Proof) -> None:
    """Raises `RuntimeError` when nothing comes through."""
    for _ in range(2):
        changes = await house.changes(count)
        await _accepted(house, changes)
        if not await house.delivered(changes):
            raise RuntimeError(f"{house.candidate.name} delivers nothing")
        proof.of(house, changes)


async def through(house: House, count: int, proof: Proof) -> dict[str, Any]:
    """As fast as it goes, a closed model: from the first request to the last arrival at the sink."""
    return await told(house, await house.changes(count), proof)


async def told(house: House, changes: Sequence[Change], proof: Proof) -> dict[str, Any]:
    cpu, began = house.processes.cpu_seconds(), time.perf_counter()
    await _accepted(house, changes)
    return await _arrived(house, changes, began, cpu, proof)


async def backlog(house: House, count: int, proof: Proof) -> dict[str, Any]:
    """All is accepted while the workers are frozen; from their waking to the last arrival at the sink."""
    with house.at_rest():
        # Made now: a worker that looks by itself must not have begun with them.
        changes = await house.changes(count)
        cpu = house.processes.cpu_seconds()
        await _accepted(house, changes)
        began = time.perf_counter()
    return await _arrived(house, changes, began, cpu, proof)


async def _accepted(house: House, changes: Sequence[Change]) -> None:
    answers = await sent(house.port, requests(changes))
    if answers.ok != len(changes):
        raise RuntimeError(f"{house.candidate.name} answered {answers.statuses}")


async def _arrived(
    house: House, changes: Sequence[Change], began: float, cpu: dict[str, float], proof: Proof
) -> dict[str, Any]:
    await house.delivered(changes)
    first = house.arrivals.first
    came = [first[change.key] for change in changes if change.key in first]
    if not came:
        raise RuntimeError(f"{house.candidate.name}: none of {len(changes)} changes came to the sink in time")
    await asyncio.sleep(_SETTLE_SECONDS)
    proof.of(house, changes)
    parts = {name: used * 1000 / len(came) for name, used in _used(house, cpu).items()}
    return {
        "per_second": len(came) / (max(came) - began),
        "cpu_seconds_per_1000": sum(parts.values()),
        "cpu_parts": parts,
    }


def _used(house: House, before: dict[str, float]) -> dict[str, float]:
    return {name: now - before.get(name, 0.0) for name, now in house.processes.cpu_seconds().items()}


async def paced(house: House, rate: float, seconds: float, proof: Proof) -> dict[str, Any]:
    """An open model: changes become due at a steady rate, whatever the answers do."""
    answers, sending = Told(), Sending(house, int(rate * seconds))
    await sending.prepare()
    load = OpenLoad(house.port, answers)
    await load.open()
    try:
        await sending.run(load, rate)
        await load.settled()
    except TimeoutError:
        left = len(answers.due) - len(answers.accepted) - len(answers.refused)
        words = (
            f"{house.candidate.name} left {left} of {len(answers.due)} requests unanswered at {rate:.0f}/s"
        )
        raise RuntimeError(words) from None
    finally:
        load.close()
    if answers.refused:
        raise RuntimeError(f"{house.candidate.name} answered {set(answers.refused)} at {rate:.0f}/s")
    await house.delivered(sending.changes)
    await asyncio.sleep(_SETTLE_SECONDS)
    proof.of(house, sending.changes)
    return {"rate": rate, **_waits(answers, house.arrivals.first)}


class Sending:
    """Sends what is due. What is `live` is made at Protime just before, a few at a time when the rate is high."""

    def __init__(self, house: House, count: int) -> None:
        self._house = house
        self._count = count
        self.changes: list[Change] = []

    async def prepare(self) -> None:
        if not self._house.candidate.live:
            self.changes = await self._house.changes(self._count)

    async def run(self, load: OpenLoad, rate: float) -> None:
        start, done = time.perf_counter(), 0
        while done < self._count:
            due = min(self._count, int((time.perf_counter() - start) * rate) + 1)
            for change in await self._due(done, due):
                load.send(change.key, request(PATH, change.body), start + done / rate)
                done += 1
            await asyncio.sleep(min(_TICK_SECONDS, max(_SHORTEST_TICK_SECONDS, 0.5 / rate)))

    async def _due(self, done: int, due: int) -> list[Change]:
        if self._house.candidate.live and due > len(self.changes):
            self.changes += await self._house.changes(due - len(self.changes))
        return self.changes[done:due]


def _waits(answers: Told, first: dict[tuple[int, str], float]) -> dict[str, Any]:
    """Milliseconds. What came before its notification was answered did not wait."""
    there = [key for key in answers.accepted if key in first]
    return {
        "changes": len(there),
        "accept_ms": percentiles([answers.accepted[key] - answers.due[key] for key in there]),
        "accept_to_sink_ms": percentiles([max(0.0, first[key] - answers.accepted[key]) for key in there]),
        "end_to_end_ms": percentiles([first[key] - answers.due[key] for key in there]),
    }


async def burst(house: House, resources: int, count: int, proof: Proof) -> dict[str, int]:
    """Many changes of few assignments: the calls of the API until the last state of each has come."""
    created = await house.changes(resources)
    await _accepted(house, created)
    await house.delivered(created)
    proof.of(house, created)
    ids = [change.id for change in created]
    changes = await asyncio.to_thread(house.protime.changed, ids, count)
    before = await asyncio.to_thread(house.protime.calls)
    await _accepted(house, changes)
    last = list({change.id: change for change in changes}.values())
    await house.delivered(last)
    await asyncio.sleep(2.0)
    proof.of(house, last)
    return {"api_calls": await asyncio.to_thread(house.protime.calls) - before}


async def idle(house: House, seconds: float) -> dict[str, Any]:
    """Per cent of one core that the whole installation uses while nothing happens."""
    await asyncio.sleep(1.0)
    before = house.processes.cpu_seconds()
    await asyncio.sleep(seconds)
    parts = {name: used / seconds * 100 for name, used in _used(house, before).items()}
    return {"cpu_percent": sum(parts.values()), "cpu_parts": parts}

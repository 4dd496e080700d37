"""Results of many waits, in groups: as they come, but not one by one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from typing import TypeVar

T = TypeVar("T")

#: So many results make a group at once.
ENOUGH = 16
#: A result waits so long for others, unless nothing else is under way.
SECONDS = 0.025


async def as_they_come(
    work: Sequence[Awaitable[T]], enough: int = ENOUGH, seconds: float = SECONDS
) -> AsyncGenerator[list[T], None]:
    """Every result once. The first error is raised when its group is due, and what is still under way is cancelled."""
    came: asyncio.Queue[T | Exception] = asyncio.Queue()

    async def told(one: Awaitable[T]) -> None:
        try:
            came.put_nowait(await one)
        except Exception as error:  # noqa: BLE001  # raised where the results are read
            came.put_nowait(error)

    tasks = [asyncio.ensure_future(told(one)) for one in work]
    left = len(tasks)
    try:
        while left:
            group = await _group(came, min(enough, left), seconds)
            left -= len(group)
            yield [_result(one) for one in group]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _group(came: asyncio.Queue[T | Exception], enough: int, seconds: float) -> list[T | Exception]:
    group = [await came.get()]
    try:
        async with asyncio.timeout(seconds):
            while len(group) < enough:
                group.append(await came.get())
    except TimeoutError:
        pass
    return group


def _result(one: T | Exception) -> T:
    if isinstance(one, Exception):
        raise one
    return one

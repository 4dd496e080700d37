"""Pages of a long walk, several at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest

from workers.page_batches import PAGES_AHEAD, batches
from workers.protime import Transient


class Page(NamedTuple):
    items: list[int]


async def pages(*sizes: int, fails: bool = False, asked: list[int] | None = None) -> AsyncIterator[Page]:
    for number, size in enumerate(sizes):
        if asked is not None:
            asked.append(number)
        await asyncio.sleep(0)
        yield Page(list(range(size)))
    if fails:
        raise Transient("away")


async def test_pages_come_together_until_there_are_enough_records_and_the_rest_at_the_end() -> None:
    found = [[len(p.items) for p in some] async for some in batches(pages(4, 4, 0, 4, 9, 1), least=8)]
    assert found == [[4, 4], [0, 4, 9], [1]]


async def test_a_walk_without_records_still_has_its_last_page() -> None:
    assert [len(some) async for some in batches(pages(0), least=8)] == [1]


async def test_what_came_before_a_failure_is_not_lost() -> None:
    walk = batches(pages(4, 4, 4, fails=True), least=8)
    assert [len(await anext(walk)) for _ in range(2)] == [2, 1]
    with pytest.raises(Transient):
        await anext(walk)


async def test_the_next_pages_are_asked_for_while_the_last_ones_are_worked_on_but_not_all_of_them() -> None:
    asked: list[int] = []
    walk = batches(pages(*[4] * 100, asked=asked), least=4)
    await anext(walk)
    await asyncio.sleep(0.01)
    assert len(asked) == PAGES_AHEAD + 2  # one is worked on, and one waits for a place
    await walk.aclose()


async def test_whoever_stops_early_leaves_no_request_behind() -> None:
    before = len(asyncio.all_tasks())
    walk = batches(pages(*[4] * 100), least=4)
    async for _ in walk:
        break
    await walk.aclose()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before

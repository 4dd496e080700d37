"""Groups of results: small when nothing else is under way, not one by one when much is."""

from __future__ import annotations

import asyncio

import pytest

from workers.as_they_come import as_they_come


async def after(seconds: float, what: int) -> int:
    await asyncio.sleep(seconds)
    return what


async def test_what_comes_together_comes_in_groups() -> None:
    groups = [group async for group in as_they_come([after(0, n) for n in range(40)], enough=16)]
    assert [len(group) for group in groups] == [16, 16, 8]
    assert sorted(n for group in groups for n in group) == list(range(40))


async def test_one_that_takes_long_holds_nobody_back() -> None:
    groups = [group async for group in as_they_come([after(0.3, 1), after(0, 2)], seconds=0.02)]
    assert groups == [[2], [1]]


async def test_a_single_result_does_not_wait_for_others() -> None:
    async with asyncio.timeout(1):
        assert [group async for group in as_they_come([after(0, 1)], seconds=60)] == [[1]]


async def test_an_error_ends_it_and_cancels_the_rest() -> None:
    async def fails() -> int:
        raise OSError("gone")

    hanging = asyncio.ensure_future(after(60, 1))
    with pytest.raises(OSError, match="gone"):
        async for _ in as_they_come([hanging, fails()], seconds=0.01):
            pass
    assert hanging.cancelled()

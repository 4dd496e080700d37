from __future__ import annotations

import pytest

from workers.sinks.base import Failure
from workers.sinks.chunks import HELD_BACK
from workers.sinks.halves import in_halves
from workers.sinks.waves import waves

NEVER = Failure("never", permanent=True)
AWAY = Failure("away", scope="sink")


@pytest.mark.parametrize(
    ("numbers", "found"),
    [
        ([], []),
        ([1, 2, 3], [[0, 1, 2]]),
        ([1, 1, 1], [[0], [1], [2]]),
        ([1, 2, 1, 3, 1, 2], [[0, 1, 3], [2, 5], [4]]),
    ],
)
def test_no_resource_is_twice_in_a_wave_and_each_one_keeps_its_order(make_event, numbers, found):
    assert waves([make_event(number) for number in numbers]) == found


def test_the_same_record_number_of_two_tenants_is_two_resources(make_event):
    assert waves([make_event(1), make_event(1, tenant="beta")]) == [[0, 1]]


async def halves(make_event, numbers, answer):
    """`answer`: the ids of what is written → what that is answered. Returns the failures and all that was written."""
    tried = []

    async def write(events):
        tried.append([event.head.data.id for event in events])
        return answer(tried[-1])

    return await in_halves([make_event(number) for number in numbers], write), tried


@pytest.mark.parametrize(
    ("numbers", "bad", "failures", "tried"),
    [
        ([1, 2, 3], (), {}, [[1, 2, 3]]),
        ([], (), {}, []),
        ([1], (1,), {0: NEVER}, [[1]]),
        ([1, 2, 3, 4], (3,), {2: NEVER}, [[1, 2, 3, 4], [1, 2], [3, 4], [3], [4]]),
        ([1, 2], (1, 2), {0: NEVER, 1: NEVER}, [[1, 2], [1], [2]]),
        # What follows the bad one of its own resource waits, wherever it is.
        (
            [1, 2, 1, 3, 1],
            (1,),
            {0: NEVER, 2: HELD_BACK, 4: HELD_BACK},
            [[1, 2, 1, 3, 1], [1, 2], [1], [2], [3]],
        ),
    ],
)
async def test_the_bad_ones_are_found_and_all_others_written_in_order(
    make_event, numbers, bad, failures, tried
):
    assert await halves(make_event, numbers, lambda ids: NEVER if set(ids) & set(bad) else None) == (
        failures,
        tried,
    )


async def test_a_sink_that_goes_away_in_between_is_not_asked_again(make_event):
    answers = iter([NEVER, None, AWAY])
    failures, tried = await halves(make_event, [1, 2, 3, 4], lambda _: next(answers))
    assert failures == {2: AWAY, 3: AWAY}
    assert tried == [[1, 2, 3, 4], [1, 2], [3, 4]]

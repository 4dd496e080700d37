from __future__ import annotations

import pytest

from workers.sinks.base import Failure
from workers.sinks.chunks import HELD_BACK, in_chunks

LATER = Failure("later")
NEVER = Failure("never", permanent=True)
AWAY = Failure("away", scope="sink")


async def deliver(make_event, numbers, size, answers):
    """`answers`: id → what the chunk that holds it is answered. Returns the failures and the chunks sent."""
    sent = []

    async def send(events):
        ids = [event.head.data.id for event in events]
        sent.append(ids)
        return next((answers[i] for i in ids if i in answers), None)

    return await in_chunks([make_event(number) for number in numbers], size, send), sent


@pytest.mark.parametrize(
    ("numbers", "size", "answers", "failures", "sent"),
    [
        ([1, 2, 3], 1, {}, {}, [[1], [2], [3]]),
        ([1, 2, 3], 2, {}, {}, [[1, 2], [3]]),
        ([], 2, {}, {}, []),
        # One that fails holds up no other resource, and keeps back its own.
        ([1, 2, 1, 3], 1, {1: LATER}, {0: LATER, 2: HELD_BACK}, [[1], [2], [3]]),
        # Failed for good is over: what follows may go.
        ([1, 1, 2], 1, {1: NEVER}, {0: NEVER, 1: NEVER}, [[1], [1], [2]]),
        # Of several nobody knows which one it was.
        ([1, 2, 1, 3], 2, {1: NEVER}, {0: NEVER, 1: NEVER, 2: HELD_BACK}, [[1, 2], [3]]),
        # A sink that is away is not asked again.
        ([1, 2, 3, 4], 1, {2: AWAY}, {1: AWAY, 2: AWAY, 3: AWAY}, [[1], [2]]),
        ([1, 2, 3, 4], 2, {3: AWAY}, {2: AWAY, 3: AWAY}, [[1, 2], [3, 4]]),
    ],
)
async def test_chunks_keep_order_and_name_each_failure(*, make_event, numbers, size, answers, failures, sent):
    assert await deliver(make_event, numbers, size, answers) == (failures, sent)

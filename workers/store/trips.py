"""Round trips to the store that the jobs of one process share.

Under load many partitions and lanes are at work at a time, each with a small script now and then. A round trip by itself costs a
worker several times what a script costs that rides with others, and the store an fsync; so what comes while some are under
way goes together with the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from workers.store.scripts import Argument, Call, Scripts

#: So many are under way at a time: with one alone, a script would wait for the fsync of another.
_MOST_UNDER_WAY: Final = 2
#: What has more arguments goes by itself, so that nothing small waits for it.
_SMALL: Final = 128
#: So many scripts ride together at most.
_MOST_TOGETHER: Final = 32

_Waiting = tuple[Sequence[Call], asyncio.Future[list[Any]]]


class SharedScripts(Scripts):
    """As `Scripts`. The calls of one `run_many` stay together, in their order, and each gets its own answer.

    When a trip fails as a whole, everyone who was on it hears so.
    """

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self._waiting: list[_Waiting] = []
        self._trips: set[asyncio.Task[None]] = set()
        self._under_way = 0

    async def run(self, script: str, keys: Sequence[str], *args: Argument) -> Any:
        [answer] = await self.run_many([Call(script, keys, args)])
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def run_many(
        self, calls: Sequence[Call], along: Callable[[Pipeline], object] | None = None
    ) -> list[Any]:
        if along is not None or sum(len(call.args) for call in calls) > _SMALL:
            return await super().run_many(calls, along)
        if self._under_way == _MOST_UNDER_WAY:
            future: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
            self._waiting.append((calls, future))
            return await future
        self._under_way += 1
        try:
            return await super().run_many(calls)
        finally:
            self._go_on()

    def _go_on(self) -> None:
        """What waited goes on the trip that one under way makes room for."""
        self._under_way -= 1
        if not self._waiting:
            return
        some = self._boarding()
        self._under_way += 1
        trip = asyncio.create_task(self._carry(some))
        self._trips.add(trip)
        trip.add_done_callback(self._trips.discard)

    def _boarding(self) -> list[_Waiting]:
        size, upto = 0, 0
        while upto < len(self._waiting) and (upto == 0 or size < _MOST_TOGETHER):
            size += len(self._waiting[upto][0])
            upto += 1
        some, self._waiting = self._waiting[:upto], self._waiting[upto:]
        return some

    async def _carry(self, some: Sequence[_Waiting]) -> None:
        try:
            answers = await super().run_many([call for calls, _ in some for call in calls])
            for calls, future in some:
                own, answers = answers[: len(calls)], answers[len(calls) :]
                if not future.done():  # whoever was cancelled does not wait any more
                    future.set_result(own)
        except BaseException as error:
            for _, future in some:
                if not future.done():
                    future.set_exception(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self._go_on()

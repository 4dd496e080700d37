"""The rate limit that all processes of a tenant share."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from workers.protime import RateLimited
from workers.store.keys import tenant_key
from workers.store.scripts import Scripts

#: This part of a minute's share may go at once, the rest evenly.
_BURST = 0.1
#: A turn that is further away than this is not waited for: whoever waits keeps a lock, and the others waiting.
PATIENCE_SECONDS = 10.0


class SharedPace:
    """The `RateLimit` of the Protime client: at most `per_minute` requests in any minute, whoever sends them."""

    def __init__(
        self, scripts: Scripts, tenant: str, per_minute: int, patience: float = PATIENCE_SECONDS
    ) -> None:
        self._scripts = scripts
        self._keys = (tenant_key(tenant, "pace"), tenant_key(tenant, "pace-noted"))
        burst = max(1, int(per_minute * _BURST))
        self._interval_ms = 60_000.0 / max(1, per_minute - burst)
        self._ahead_ms = (burst - 1) * self._interval_ms
        self._patience_ms = patience * 1000
        self._wanted: list[asyncio.Future[int]] = []
        self._asking: asyncio.Task[None] | None = None

    async def acquire(self) -> None:
        """Waits for this request's turn. Raises `RateLimited` when that is too far away, and `RedisError`."""
        turn = asyncio.get_running_loop().create_future()
        self._wanted.append(turn)
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        wait = await turn
        if wait > self._patience_ms:
            raise RateLimited("not sent: Protime asked to wait", retry_after=wait / 1000)
        if wait:
            await asyncio.sleep(wait / 1000)

    async def _ask(self) -> None:
        """For all who want a turn at once: those that come meanwhile share the next question."""
        try:
            while self._wanted:
                turns, self._wanted = self._wanted, []
                answers = await self._waits(len(turns))
                for turn, answer in zip(turns, answers, strict=True):
                    _tell(turn, answer)
        finally:
            self._asking = None

    async def _waits(self, count: int) -> Sequence[int | Exception]:
        args = (self._interval_ms, self._ahead_ms, self._patience_ms, count)
        try:
            waits: list[int] = await self._scripts.run("pace", self._keys, *args)
        except Exception as error:  # noqa: BLE001  # whatever it is: nobody may wait for a turn for ever
            return [error] * count
        return waits

    async def pause(self, seconds: float) -> None:
        """Nobody sends for so long: Protime asked for it. Raises `RedisError`."""
        await self._scripts.run("pause", self._keys, seconds * 1000)


def _tell(turn: asyncio.Future[int], answer: int | Exception) -> None:
    if turn.done():  # whoever wanted it has gone
        return
    if isinstance(answer, Exception):
        turn.set_exception(answer)
    else:
        turn.set_result(answer)

"""Takes live wake-ups off their list and starts the jobs they ask for, on the event loop on which they work.

They are Dramatiq messages, but Dramatiq's way to a job (take and note in Redis, two threads, acknowledge) cost a live change
two writes with their fsync and half a millisecond, to keep a message whose loss costs a second: the sweep looks for work that
nobody was told of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import dramatiq
import structlog
from redis.asyncio import Redis

from workers.queue import LIVE_KEY
from workers.store.connect import UNAVAILABLE

log = structlog.get_logger()

_IDLE_SECONDS = 1.0
_AWAY_SECONDS = 0.25
#: Jobs of one process at a time. They wait on the network most of the time; first walks, which may take hours, have a limit of
#: their own (`workers.delta_walk`).
AT_A_TIME = 64


class Bell:
    """`jobs` by their names; a job does not raise."""

    def __init__(self, redis: Redis, jobs: Mapping[str, Callable[..., Awaitable[None]]]) -> None:
        self._redis = redis
        self._jobs = jobs
        self._room = asyncio.Semaphore(AT_A_TIME)
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._keeping = asyncio.create_task(self._keep())

    def stop(self) -> None:
        """Takes nothing more from now on. From any thread."""
        self._stopped = True

    async def ended(self) -> None:
        """Returns when what was taken is done; `stop` comes before."""
        if self._keeping is not None:
            await self._keeping
        await asyncio.gather(*self._running)

    async def _keep(self) -> None:
        """Waits inside Redis: an idle worker starts within one round trip."""
        while not self._stopped:
            await self._room.acquire()
            try:
                body = await self._taken()
            except UNAVAILABLE as error:
                self._room.release()
                log.warning("queue unreachable", queue=LIVE_KEY, error=str(error))
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            except Exception:
                # A bell that died would leave a worker that lives and hears nothing.
                self._room.release()
                log.exception("taking wake-ups failed, trying again")
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            if body is None or not self._begun(body):
                self._room.release()

    async def _taken(self) -> bytes | None:
        found: Any = await self._redis.blpop([LIVE_KEY], _IDLE_SECONDS)
        if found is None:
            return None
        body = bytes(found[1])
        if self._stopped:  # for another worker
            await self._redis.lpush(LIVE_KEY, body)
            return None
        return body

    def _begun(self, body: bytes) -> bool:
        try:
            message: dramatiq.Message[None] = dramatiq.Message.decode(body)
            job = self._jobs[message.actor_name]
        except Exception:
            log.exception("a wake-up that this release does not understand")
            return False
        task = asyncio.ensure_future(job(*message.args))
        self._running.add(task)
        task.add_done_callback(self._done)
        return True

    def _done(self, task: asyncio.Future[None]) -> None:
        self._running.discard(task)
        self._room.release()

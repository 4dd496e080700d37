"""Threads of a sink's own, for what blocks.

A dead disk, a halted terminal or a name server that does not answer keeps its thread; the pool of the event loop is shared by
all sinks, has six of them on a small machine, and looks up their names as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Threads:
    """At most so many, started when they are needed."""

    def __init__(self, name: str, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, name)

    async def run(self, work: Callable[..., T], *args: Any, **named: Any) -> T:
        """What `work` gives or raises. Cancelled, a call that runs already comes to its end unheard."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, partial(work, *args, **named))

    def close(self) -> None:
        """Waits for nothing: what was begun is finished by the threads alone. Nothing more can be run."""
        self._pool.shutdown(wait=False)

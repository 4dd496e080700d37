"""A sink that blocks keeps its own threads, and nobody else's."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from tests.workers.test_deliver import event
from workers.events import Event
from workers.runtime import close_all
from workers.sinks.base import Failure
from workers.sinks.console import ConsoleOptions, ConsoleSink
from workers.sinks.file import FileOptions, FileSink


class Halted(io.StringIO):
    """A terminal on which somebody has pressed ctrl-S."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def write(self, _: str) -> int:
        self.goes_on.wait(20)
        return 0


async def test_many_halted_sinks_do_not_hold_up_another_one_nor_the_look_up_of_names(tmp_path: Path) -> None:
    screens = [Halted() for _ in range(40)]
    halted = [
        ConsoleSink("c", ConsoleOptions(type="console", timeout_seconds=10), console=Console(file=screen))
        for screen in screens
    ]
    stuck = [asyncio.create_task(sink.deliver([event(1, 1)])) for sink in halted]
    await asyncio.sleep(0.1)
    try:
        async with asyncio.timeout(2):
            assert await FileSink("f", FileOptions(type="file", path=tmp_path)).deliver([event(2, 2)]) == {}
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
    finally:
        for screen in screens:
            screen.goes_on.set()
        await asyncio.gather(*stuck)


class Closing:
    """A sink that says goodbye as it was told."""

    def __init__(self, seconds: float = 0, error: Exception | None = None) -> None:
        self.seconds, self.error, self.closed = seconds, error, False

    async def deliver(self, events: Sequence[Event]) -> Mapping[int, Failure]:
        raise AssertionError(events)

    async def close(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.error:
            raise self.error
        self.closed = True


async def test_a_sink_that_hangs_or_fails_at_its_end_keeps_no_other_from_closing() -> None:
    sinks = {"hangs": Closing(60), "fails": Closing(error=RuntimeError("x")), "fine": Closing(0.05)}
    began = time.monotonic()
    await close_all(sinks, seconds=0.3)
    assert time.monotonic() - began < 2
    assert [sink.closed for sink in sinks.values()] == [False, False, True]
    await close_all({})

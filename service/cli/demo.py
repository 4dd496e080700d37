"""`demo`: a simulated day of planning and clocking, from signed webhook to sink, with everything real in between."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import httpx
import typer

from service.cli.demo_days import Day, Days
from service.cli.demo_installation import Installation
from service.cli.demo_screen import Screen
from service.cli.demo_setup import TIMEZONE, Setup
from service.cli.demo_sink import Receiver
from service.cli.demo_verdict import Seen, problems
from service.cli.failures import FAILURE, INTERRUPTED, CommandFailed
from service.cli.logs import configure
from workers.events import Event
from workers.protime import ProtimeError

_SECONDS_OF_A_DAY = 30.0


def demo(
    seconds: Annotated[
        float | None,
        typer.Option(min=1, help="End after one day of so many seconds; else day after day until Ctrl-C."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same day.")] = 1,
    people: Annotated[int, typer.Option(min=1, max=1000, help="How many people there are.")] = 12,
) -> None:
    """A simulated day of planning and clocking, end to end.

    Simulator, embedded Redis, service, worker and scheduler on loopback ports, everything in a temporary folder. Exit
    code 1 when in the end the ledger, a signature or a record at the sink is not as it should be.
    """
    configure("ERROR")
    screen = Screen(ZoneInfo(TIMEZONE))
    code = asyncio.run(_demo(screen, seconds, seed, people))
    if code:
        raise typer.Exit(code)


async def _demo(screen: Screen, seconds: float | None, seed: int, people: int) -> int:
    stop = _on_signals()
    seen, lines = Seen(), asyncio.Queue[Event]()
    loop = asyncio.get_running_loop()

    def told(event: Event, at: float) -> None:
        seen.note(event, at)
        with suppress(RuntimeError):  # the loop is closed already: nobody reads any more
            loop.call_soon_threadsafe(lines.put_nowait, event)

    receiver = Receiver(told)
    with tempfile.TemporaryDirectory(prefix="shiftwire-demo-") as folder:
        today = datetime.now(ZoneInfo(TIMEZONE)).date()
        setup = Setup(Path(folder), receiver.url, receiver.secret, today, people, seed)
        installation = Installation(setup, receiver, seen)
        printing = asyncio.create_task(_print_events(screen, lines))
        try:
            day = Day(today, people, seed, seconds or _SECONDS_OF_A_DAY)
            return await _run(screen, installation, Days(day, setup, endless=seconds is None), stop)
        except (httpx.HTTPError, ProtimeError) as error:
            raise CommandFailed(
                f"the simulator does not answer ({error!r})\n{installation.complaints()}"
            ) from None
        finally:
            installation.stop()
            receiver.close()
            await _cancelled(printing)


async def _run(screen: Screen, installation: Installation, days: Days, stop: asyncio.Event) -> int:
    screen.note("starting the simulator, Redis, the service, a worker and the scheduler")
    if not await _unless(stop, installation.start()):
        screen.note("stopped before the day began")
        return INTERRUPTED
    screen.began(installation.setup, len(installation.seen.ids))
    await _unless(stop, days.play(screen.action, screen.day))
    screen.note("the day is over, waiting until everything has arrived")
    stop.clear()
    await _unless(stop, installation.drain())
    evidence = await installation.evidence()
    found = problems(evidence)
    screen.summary(await installation.figures(), evidence, days)
    screen.verdict(found)
    if found:
        screen.note(installation.complaints())
    return FAILURE if found else 0


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Does the work; False if it was cut off by a signal. Raises what the work raises."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    done = working.done()
    await _cancelled(stopping)
    await _cancelled(working)
    return done


async def _cancelled(task: asyncio.Task[Any]) -> None:
    """Ends a task. Raises what it had raised already."""
    while not task.done():
        task.cancel()  # more than once if need be: the Redis client swallows a cancellation now and then
        await asyncio.wait({task}, timeout=0.1)
    if not task.cancelled() and (error := task.exception()):
        raise error


def _on_signals() -> asyncio.Event:
    """Set by Ctrl-C and by SIGTERM; both end the day, and a second one the waiting after it."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _print_events(screen: Screen, lines: asyncio.Queue[Event]) -> None:
    while True:
        screen.event(await lines.get())

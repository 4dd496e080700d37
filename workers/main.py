"""The composition root of workers and schedulers: reads nothing but what it is given, opens connections, runs, stops."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import dramatiq
import structlog
import uvloop
from dramatiq.asyncio import EventLoopThread, get_event_loop_thread, set_event_loop_thread
from dramatiq.middleware import AsyncIO, MiddlewareError

from workers import clock
from workers.actors import Jobs, declare
from workers.bell import Bell
from workers.config import Config
from workers.queue import Wake, WakingBroker, make_broker
from workers.runtime import Runtime
from workers.scheduler import Scheduler, Send, Timer
from workers.store import Store
from workers.store.connect import UNAVAILABLE, StoreUnreachable, check, connect
from workers.store.partition_count import claim
from workers.sweep import Sweep, send

log = structlog.get_logger()

#: Jobs of one process at a time. They wait on the network most of the time: the threads only hold their place.
THREADS = 16
DRAIN_SECONDS = 20.0
_LEAST_SECONDS = 1.0


class StoreGone(StoreUnreachable, MiddlewareError):
    """Dramatiq lets only its own errors through: after any other it would go on, and take wake-ups that nobody answers."""


class RuntimeLoop(AsyncIO):
    """Dramatiq's event loop thread, on uvloop, with the runtime started on it before the first job and stopped after the last."""

    def __init__(self, make: Callable[[], Runtime], drain_seconds: float) -> None:
        super().__init__()
        self._make = make
        self._drain_seconds = drain_seconds
        self._deadline = 0.0
        self.runtime: Runtime | None = None
        self._bell: Bell | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        thread = EventLoopThread(self.logger)
        thread.loop = uvloop.new_event_loop()
        thread.start(timeout=5.0)
        set_event_loop_thread(thread)
        try:
            self.runtime = thread.run_coroutine(self._start())
        except Exception as error:
            super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]  # its thread would stay
            if isinstance(error, UNAVAILABLE):
                raise StoreGone(f"store.url: Redis went away while the worker began ({error})") from error
            raise MiddlewareError("the worker could not begin") from error
        jobs = Jobs(self.runtime)
        declare(broker, jobs)
        self._bell = thread.run_coroutine(self._listening(jobs))

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:  # noqa: ARG002  # dramatiq's
        self._deadline = time.monotonic() + self._drain_seconds
        if self._bell is not None:
            self._bell.stop()

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        """Deliveries get what the jobs have left of the time: one deadline for both."""
        thread = get_event_loop_thread()
        if thread is not None and self.runtime is not None:
            thread.run_coroutine(self._stop(self.runtime))
        super().after_worker_shutdown(broker, worker)  # type: ignore[no-untyped-call]

    async def _stop(self, runtime: Runtime) -> None:
        if self._bell is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._left()):
                    await self._bell.ended()
        await runtime.stop(self._left())

    def _left(self) -> float:
        return max(_LEAST_SECONDS, self._deadline - time.monotonic())

    async def _listening(self, jobs: Jobs) -> Bell:
        bell = jobs.bell()
        bell.start()
        return bell

    async def _start(self) -> Runtime:
        runtime = self._make()
        await runtime.start()
        return runtime


def make_worker(
    config: Config, url: str, drain_seconds: float = DRAIN_SECONDS
) -> tuple[WakingBroker, RuntimeLoop]:
    """A broker whose worker runs the jobs of this configuration on the store at `url`."""
    broker = make_broker(url)
    loop = RuntimeLoop(lambda: Runtime(config, connect(url), Wake(broker)), drain_seconds)
    broker.add_middleware(loop)
    return broker, loop


def work(config: Config, url: str) -> None:
    """Runs a worker until SIGTERM or SIGINT; then what is under way is finished."""
    asyncio.run(check(url, allow_volatile=config.store.allow_volatile))
    asyncio.run(claim(config, url))
    broker, _ = make_worker(config, url)
    worker = dramatiq.Worker(broker, worker_threads=THREADS, worker_timeout=500)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    worker.start()
    gc.freeze()  # what is loaded now stays: the collector need not look at it while a change waits
    log.info("worker ready")
    stop.wait()
    log.info("worker drains")
    worker.stop(timeout=int(DRAIN_SECONDS * 1000))


def schedule(config: Config, url: str) -> None:
    """Runs a scheduler until SIGTERM or SIGINT."""
    asyncio.run(_schedule(config, url))


async def _schedule(config: Config, url: str) -> None:
    await check(url, allow_volatile=config.store.allow_volatile)
    await claim(config, url)
    redis = connect(url)
    store, wake = Store(config, redis), Wake(make_broker(url), both=True)
    collections = {name: tuple(tenant.collections) for name, tenant in config.tenants.items()}
    sweep = Sweep(store.scripts, store.inbox, collections, config.sinks)

    async def found() -> list[Send]:
        return [partial(send, wake, *finding) for finding in await sweep.find()]

    scheduler = Scheduler(timers(config, wake), found)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, scheduler.stop)
    follower = clock.Follower(redis, UNAVAILABLE)
    following = asyncio.create_task(follower.keep())
    log.info("scheduler ready")
    await scheduler.run()
    follower.stop()
    following.cancel()
    await redis.aclose()


#: How soon a check of subscriptions that did not come to its end is repeated.
_AGAIN_SECONDS = 5.0
#: How soon after its time a comparison begins, or is tried again.
_LOOK_SECONDS = 60.0
#: How soon a whole look that a collection is owed begins.
_REPAIR_SECONDS = 5.0


def timers(config: Config, wake: Wake) -> list[Timer]:
    """What happens every so often."""
    found = []
    for name, tenant in config.tenants.items():
        found.append(Timer("purge", 3600, partial(wake.purge, name)))
        found.append(Timer("repair", _REPAIR_SECONDS, partial(wake.repair, name)))
        if config.subscriptions.manage:
            check = config.subscriptions.check_seconds
            found.append(Timer("subscriptions", check, partial(wake.subscriptions, name)))
            found.append(
                Timer("subscriptions", _AGAIN_SECONDS, partial(wake.subscriptions, name, again=True))
            )
        for collection, settings in tenant.collections.items():
            if settings.fetch != "resource":
                found.append(Timer("delta", settings.poll_seconds, partial(wake.delta, name, collection)))
            if settings.reconciled:
                # Whether it is time is known in the store: timers begin anew with each scheduler.
                look = min(_LOOK_SECONDS, settings.reconciled.every_seconds / 4)
                found.append(Timer("reconcile", look, partial(wake.reconcile, name, collection)))
    return found

"""Wake-ups on a real Redis with a real Dramatiq worker."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import dramatiq
import pytest

from workers.queue import BULK, WakingBroker, make_broker
from workers.store import embedded


class Bell:
    """An actor that notes when it was rung."""

    def __init__(self, broker: WakingBroker) -> None:
        self.rung = threading.Event()
        self.at = 0.0
        self.actor = dramatiq.actor(self._ring, actor_name="ring", queue_name=BULK, broker=broker)

    def _ring(self) -> None:
        self.at = time.perf_counter()
        self.rung.set()

    def ring(self, seconds: float = 5.0) -> float:
        """Seconds from the call to the job."""
        self.rung.clear()
        called = time.perf_counter()
        self.actor.send()
        assert self.rung.wait(seconds), "the wake-up did not arrive"
        return self.at - called


@pytest.fixture
def server(tmp_path: Path) -> Iterator[embedded.EmbeddedRedis]:
    made = embedded.start(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def bell(server: embedded.EmbeddedRedis) -> Iterator[Bell]:
    broker = make_broker(server.url)
    made = Bell(broker)
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=200)
    worker.start()
    yield made
    worker.stop(timeout=5000)
    broker.close()
    broker.client.close()


def test_a_wake_up_reaches_an_idle_worker_in_milliseconds(bell: Bell) -> None:
    bell.ring()
    seconds = []
    for _ in range(20):
        time.sleep(0.05)
        seconds.append(bell.ring())
    # Stock Dramatiq polls an idle queue: its median here is tens of milliseconds, its worst hundreds.
    assert statistics.median(seconds) < 0.02


def test_a_worker_that_was_idle_for_long_still_wakes_at_once(bell: Bell) -> None:
    bell.ring()
    time.sleep(2.5)
    assert bell.ring() < 0.25


def test_wake_ups_flow_again_after_redis_was_killed_and_restarted(
    server: embedded.EmbeddedRedis, bell: Bell, tmp_path: Path
) -> None:
    bell.ring()
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    time.sleep(0.5)
    server.process = embedded.start(tmp_path).process
    assert bell.ring(seconds=10) < 3


def test_there_are_no_delay_queues_to_poll(bell: Bell) -> None:
    assert not bell.actor.broker.delay_queues

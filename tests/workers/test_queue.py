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

from workers.queue import BEFORE, LIVE, Wake, WakingBroker, make_broker
from workers.store import embedded
from workers.store.keys import Partition


class Bell:
    """An actor that notes when it was rung."""

    def __init__(self, broker: WakingBroker) -> None:
        self.rung = threading.Event()
        self.at = 0.0
        self.actor = dramatiq.actor(self._ring, actor_name="ring", queue_name=LIVE, broker=broker)

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


def _ring(_: int) -> None:
    raise AssertionError("nobody works here")


def test_what_a_worker_took_and_did_not_begin_is_handed_back_at_its_end(
    server: embedded.EmbeddedRedis,
) -> None:
    broker = make_broker(server.url)
    actor = dramatiq.actor(_ring, actor_name="ring", queue_name=LIVE, broker=broker)
    for number in range(3):
        actor.send(number)
    consumer, other = (broker.consume(LIVE, prefetch=8) for _ in range(2))
    first = next(consumer)
    assert first is not None
    assert next(other) is None
    consumer.requeue([first])
    back = [message.args[0] for message in (next(other) for _ in range(3)) if message]
    assert sorted(back) == [0, 1, 2]
    broker.client.close()


def test_no_more_is_taken_than_was_asked_for(server: embedded.EmbeddedRedis) -> None:
    broker = make_broker(server.url)
    actor = dramatiq.actor(_ring, actor_name="ring", queue_name=LIVE, broker=broker)
    for _ in range(12):
        actor.send(0)
    consumer = broker.consume(LIVE, prefetch=2)
    taken = [message for message in (next(consumer) for _ in range(12)) if message]
    assert 2 <= len(taken) <= 6  # a handful is taken at once
    consumer.ack(taken[0])
    broker.client.close()


def test_two_releases_side_by_side_hear_each_other(server: embedded.EmbeddedRedis) -> None:
    broker = make_broker(server.url)
    heard: list[tuple[str, str]] = []
    rung = threading.Event()

    def ingest(tenant: str, partition: int) -> None:
        heard.append((tenant, str(partition)))
        if len(heard) == 2:
            rung.set()

    dramatiq.actor(ingest, actor_name="ingest", queue_name=LIVE, broker=broker)
    broker.declare_queue(BEFORE)
    worker = dramatiq.Worker(broker, worker_threads=2, worker_timeout=200)
    worker.start()
    try:
        Wake(broker, both=True).ingest(Partition("acme", 3))  # by either bell
        assert rung.wait(5)
    finally:
        worker.stop(timeout=5000)
        broker.close()
        broker.client.close()
    assert heard == [("acme", "3")] * 2

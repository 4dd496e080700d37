"""Wake-ups on a real Redis with a real Dramatiq worker."""

from __future__ import annotations

import signal
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest

from tests.service.rig import config, settings
from workers.main import timers
from workers.queue import BULK, Wake, WakingBroker, make_broker
from workers.store import embedded
from workers.store.keys import Partition


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


def waiting(broker: WakingBroker) -> list[str]:
    """The jobs that nobody has begun, in their order."""
    ids: Any = broker.client.lrange(f"sw:queue:{BULK}", 0, -1)
    bodies: Any = broker.client.hmget(f"sw:queue:{BULK}.msgs", ids) if ids else []
    found = [dramatiq.Message.decode(body) for body in bodies]
    return [f"{message.actor_name} {' '.join(map(str, message.args))}" for message in found]


@pytest.fixture
def broker(server: embedded.EmbeddedRedis) -> Iterator[WakingBroker]:
    made = make_broker(server.url)
    yield made
    made.close()
    made.client.close()


def test_an_hour_of_timers_without_a_worker_leaves_each_job_waiting_once(broker: WakingBroker) -> None:
    data = settings(subscriptions={"manage": True})
    collections = data["tenants"]["acme"]["collections"]
    for collection in collections.values():
        collection["reconcile"] = {"every_seconds": 60}
        del collection["webhook"]
    wake, partition = Wake(broker, both=True), Partition("acme", 3)
    due = timers(config(data), wake)
    for now in range(0, 3600, 5):
        for timer in due:
            if now >= timer.due:
                timer.send()
                timer.due = now + timer.seconds
        wake.replay(partition, "archive")
    expected = ["purge acme", "repair acme", "subscriptions acme False", "subscriptions acme True"]
    expected += [f"reconcile acme {collection}" for collection in collections]
    assert sorted(waiting(broker)) == sorted([*expected, "replay acme 3 archive"])
    assert broker.client.hlen(f"sw:queue:{BULK}.msgs") == len(expected) + 1


def test_a_job_at_work_may_wait_once_more_and_no_message_loses_its_body(broker: WakingBroker) -> None:
    begun, goes_on, done = threading.Semaphore(0), threading.Event(), threading.Semaphore(0)

    def repair(_: str) -> None:
        begun.release()
        goes_on.wait(10)
        done.release()

    dramatiq.actor(repair, actor_name="repair", queue_name=BULK, broker=broker)
    worker, wake = dramatiq.Worker(broker, worker_threads=1, worker_timeout=100), Wake(broker)
    wake.repair("acme")
    worker.start()
    assert begun.acquire(timeout=5)
    wake.repair("acme")  # taken by the consumer: it waits there
    goes_on.set()
    assert done.acquire(timeout=5)
    assert done.acquire(timeout=5)
    wake.repair("acme")
    assert done.acquire(timeout=5)
    worker.stop(timeout=5000)


def test_a_job_whose_message_was_lost_with_the_queue_is_sent_again(broker: WakingBroker) -> None:
    Wake(broker).purge("acme")
    broker.client.delete(f"sw:queue:{BULK}", f"sw:queue:{BULK}.msgs")
    Wake(broker).purge("acme")
    assert waiting(broker) == ["purge acme"]

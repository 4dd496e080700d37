"""The Dramatiq broker, the queues, and how a wake-up gets to a worker.

A message says "partition acme:3 has work"; the work itself lies in the store. A lost, doubled or late message loses nothing,
so an outage of Redis needs no repair here: the sweep finds work that nobody was told of.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from uuid import uuid4

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

from workers.store.connect import connect_blocking
from workers.store.keys import Partition
from workers.store.scripts import LUA

#: Live traffic; and what may wait behind it.
LIVE, BULK = "now", "bulk"
#: Where live wake-ups lie: a plain list of messages (see `workers.bell`).
LIVE_KEY = f"sw:queue:{LIVE}"
#: Live traffic as workers of the release before take it. While two releases run side by side, both queues are worked on, and the
#: scheduler rings both bells.
BEFORE = "live"
#: With nobody to take them wake-ups would pile up for as long as work comes in; those that are dropped cost nothing, because the
#: sweep finds the work.
MOST_WAITING = 1000

_IDLE_SECONDS = 1.0
_BUSY_SECONDS = 0.005
_AWAY_SECONDS = 0.25

log = structlog.get_logger()


class WakingConsumer(_RedisConsumer):
    """Waits for a message inside Redis instead of asking again and again.

    `BLMOVE queue queue RIGHT RIGHT` leaves the list as it is, but answers the moment there is a message (the stock consumer
    polls, with a back-off of up to a second).
    """

    def __next__(self) -> Any:
        try:
            if not self.message_cache:
                if self.outstanding_message_count >= self.prefetch:
                    time.sleep(_BUSY_SECONDS)
                    return None
                if not self._wait():
                    self.broker.do_fetch(self.queue_name, 0)  # says that this worker is alive
                    return None
            return super().__next__()
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError) as error:
            log.warning("queue unreachable", queue=self.queue_name, error=str(error))
            time.sleep(_AWAY_SECONDS)
            return None

    def ack(self, message: Any) -> None:
        try:
            super().ack(message)
        except (dramatiq.ConnectionClosed, redis.RedisError):
            # The wake-up has been answered. Unacknowledged, it comes once more after a while, which does no harm.
            log.debug("wake-up not acknowledged", queue=self.queue_name)

    nack = ack

    def _wait(self) -> bool:
        queue = f"{self.broker.namespace}:{self.queue_name}"
        client: redis.Redis = self.broker.client
        return client.blmove(queue, queue, _IDLE_SECONDS, "RIGHT", "RIGHT") is not None  # type: ignore[arg-type]


class WakingBroker(RedisBroker):
    """A `RedisBroker` whose idle consumers start at once. No message is ever delayed, so there are no delay queues."""

    @property
    def consumer_class(self) -> type[WakingConsumer]:
        return WakingConsumer

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def enqueue_once(self, message: dramatiq.Message[None]) -> None:
        """Unless the same job waits already. One that is at work does not count: it may have looked before there was work."""
        queue, id_ = f"{self.namespace}:{message.queue_name}", str(uuid4())
        job = json.dumps([message.actor_name, *message.args])
        if self._may_wait(keys=[queue, f"{queue}.jobs"], args=[job, id_]):
            message = message.copy(options={"redis_message_id": id_})
            self.do_enqueue(message.queue_name, id_, message.encode())

    @cached_property
    def _may_wait(self) -> Any:
        return self.client.register_script((LUA / "wait_once.lua").read_text(encoding="utf-8"))


def make_broker(url: str, middleware: Iterable[dramatiq.Middleware] = ()) -> WakingBroker:
    """A broker on the store's Redis. There is no retry middleware: the sweep is the one layer that tries again."""
    client = connect_blocking(url)
    return WakingBroker(client=client, middleware=list(middleware), namespace="sw:queue")


@dataclass(frozen=True)
class Wake:
    """The wake-ups there are. Sending one blocks for a round trip: call it outside the event loop.

    `both`: workers of the release before hear what is live as well.
    """

    broker: WakingBroker
    both: bool = False

    def ingest(self, partition: Partition) -> None:
        self._send("ingest", partition.tenant, partition.number)

    def delta(self, tenant: str, collection: str) -> None:
        self._send("delta", tenant, collection)

    def dispatch(self, partition: Partition, sink: str) -> None:
        self._send("dispatch", partition.tenant, partition.number, sink)

    def retry(self, partition: Partition, sink: str) -> None:
        self._send("retry", partition.tenant, partition.number, sink)

    def replay(self, partition: Partition, sink: str) -> None:
        self._send("replay", partition.tenant, partition.number, sink, queue=BULK)

    def subscriptions(self, tenant: str, *, again: bool = False) -> None:
        self._send("subscriptions", tenant, again, queue=BULK)

    def reconcile(self, tenant: str, collection: str) -> None:
        self._send("reconcile", tenant, collection, queue=BULK)

    def repair(self, tenant: str) -> None:
        self._send("repair", tenant, queue=BULK)

    def purge(self, tenant: str) -> None:
        self._send("purge", tenant, queue=BULK)

    def _send(self, actor: str, *args: str | int, queue: str = LIVE) -> None:
        if queue == LIVE:
            pipe = self.broker.client.pipeline(transaction=False)
            push_live(pipe, [live_message(actor, *args)])
            pipe.execute()
            queue = BEFORE
        message: dramatiq.Message[None] = dramatiq.Message(queue, actor, args, {}, {})
        if queue == BULK:
            self.broker.enqueue_once(message)
        elif self.both and not self._is_full(BEFORE):
            self.broker.enqueue(message)

    def _is_full(self, queue: str) -> bool:
        waiting: Any = self.broker.client.llen(f"{self.broker.namespace}:{queue}")
        return bool(waiting >= MOST_WAITING)


class Pipe(Protocol):
    """What `push_live` needs of a pipeline, with threads or without."""

    def rpush(self, name: str, *values: bytes) -> Any: ...

    def ltrim(self, name: str, start: int, end: int) -> Any: ...


def push_live(pipe: Pipe, messages: Iterable[bytes]) -> None:
    """Appends live wake-ups, and drops the oldest of more than `MOST_WAITING`."""
    pipe.rpush(LIVE_KEY, *messages)
    pipe.ltrim(LIVE_KEY, -MOST_WAITING, -1)


def live_message(actor: str, *args: str | int) -> bytes:
    """A live wake-up as it lies in the list. It may be sent any number of times: nothing is acknowledged."""
    message: dramatiq.Message[None] = dramatiq.Message(LIVE, actor, args, {}, {})
    return message.encode()

"""The Dramatiq broker, the queues, and how a wake-up gets to a worker.

A message says "partition acme:3 has work"; the work itself lies in the store. A lost, doubled or late message loses nothing,
so an outage of Redis needs no repair here: the sweep finds work that nobody was told of.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dramatiq
import redis
import structlog
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer

from workers.store.keys import Partition

#: Live traffic; and what may wait behind it.
LIVE, BULK = "now", "bulk"
#: Live traffic as workers of the release before take it. While two releases run side by side, both queues are worked on, and the
#: scheduler rings both bells.
BEFORE = "live"

_IDLE_SECONDS = 1.0
#: So many wake-ups are taken at once; the rest is for other workers.
_AT_ONCE = 4
_BUSY_SECONDS = 0.005
_AWAY_SECONDS = 0.25

log = structlog.get_logger()


class LiveConsumer(dramatiq.Consumer):
    """Takes wake-ups off a list, waiting inside Redis: an idle worker starts within one round trip.

    There is nothing to acknowledge. The stock protocol (take, note, acknowledge) cost a live change two more writes, each with
    its fsync, to keep a message whose loss costs a second: the sweep looks every second for work that nobody was told of.
    """

    def __init__(self, client: redis.Redis, key: str, prefetch: int) -> None:
        self._client = client
        self._key = key
        self._prefetch = prefetch
        self._taken: deque[bytes] = deque()
        self._under_way = 0

    def __next__(self) -> dramatiq.MessageProxy | None:
        try:
            if not self._taken:
                self._taken.extend(self._take())
        except (redis.ConnectionError, redis.TimeoutError, redis.ResponseError) as error:
            log.warning("queue unreachable", queue=self._key, error=str(error))
            time.sleep(_AWAY_SECONDS)
        if not self._taken:
            return None
        self._under_way += 1
        return dramatiq.MessageProxy(dramatiq.Message.decode(self._taken.popleft()))

    def _take(self) -> list[bytes]:
        if self._under_way >= self._prefetch:
            time.sleep(_BUSY_SECONDS)
            return []
        some: Any = self._client.lpop(self._key, _AT_ONCE)
        if some:
            return list(some)
        found: Any = self._client.blpop([self._key], _IDLE_SECONDS)
        return [found[1]] if found else []

    def ack(self, message: Any) -> None:  # noqa: ARG002  # dramatiq's
        self._under_way -= 1

    nack = ack

    def requeue(self, messages: Iterable[Any]) -> None:
        """What was taken and not begun when the worker ends."""
        bodies = [message.encode() for message in messages] + list(self._taken)
        self._taken.clear()
        try:
            if bodies:
                self._client.lpush(self._key, *bodies)
        except redis.RedisError:
            log.debug("wake-ups not handed back, the sweep will find the work", n=len(bodies))


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
    """A `RedisBroker` whose idle consumers start at once. No message is ever delayed, so there are no delay queues.

    What is live is a plain list (`LiveConsumer`); what may take long is kept until it is acknowledged.
    """

    @property
    def consumer_class(self) -> type[WakingConsumer]:
        return WakingConsumer

    def declare_queue(self, queue_name: str) -> None:
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues.add(queue_name)
            self.emit_after("declare_queue", queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> dramatiq.Consumer:
        if queue_name == LIVE:
            return LiveConsumer(self.client, f"{self.namespace}:{LIVE}", prefetch)
        return super().consume(queue_name, prefetch, timeout)

    def enqueue(self, message: dramatiq.Message[Any], *, delay: int | None = None) -> dramatiq.Message[Any]:
        if message.queue_name != LIVE:
            return super().enqueue(message, delay=delay)
        self.emit_before("enqueue", message, delay)
        self.client.rpush(f"{self.namespace}:{LIVE}", message.encode())
        self.emit_after("enqueue", message, delay)
        return message


def make_broker(url: str, middleware: Iterable[dramatiq.Middleware] = ()) -> WakingBroker:
    """A broker on the store's Redis. There is no retry middleware: the sweep is the one layer that tries again."""
    client = redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5)
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
        for name in (queue, BEFORE) if self.both and queue == LIVE else (queue,):
            self.broker.enqueue(dramatiq.Message(name, actor, args, {}, {}))

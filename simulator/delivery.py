"""The delivery engine: signed POSTs to the webhooks' destinations, retried by a table, never in order for sure."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from simulator.posting import Poster, keep_alive
from simulator.settings import Settings
from simulator.signing import sign
from simulator.webhooks import Attempt, Event, Webhook

Clock = Callable[[], float]


@dataclass
class Lane:
    """The deliveries of one webhook. Retries wait in `timers`, so later events overtake them (CHOICE-36)."""

    webhook: Webhook
    queue: asyncio.Queue[tuple[Event, int]] = field(default_factory=asyncio.Queue)
    timers: set[asyncio.TimerHandle] = field(default_factory=set)
    workers: list[asyncio.Task[None]] = field(default_factory=list)


class Delivery:
    """Runs between `start` and `stop`; what is published before waits."""

    def __init__(self, settings: Settings, clock: Clock, poster: Callable[[], Poster] | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.counts: Counter[str] = Counter()
        self.pending = 0
        self._random = random.Random(settings.delivery_seed)
        self._lanes: dict[str, Lane] = {}
        self._poster = poster or keep_alive()
        self._running = False

    async def start(self) -> None:
        self._running = True
        for lane in self._lanes.values():
            self._staff(lane)

    async def stop(self) -> None:
        workers = [worker for lane in self._lanes.values() for worker in lane.workers]
        for lane in self._lanes.values():
            self._cancel_timers(lane)
            lane.workers.clear()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._running = False

    def reseed(self) -> None:
        self._random.seed(self.settings.delivery_seed)

    def publish(self, webhook: Webhook, event: Event) -> None:
        """Send an event, or what chance makes of it: nothing, two of it, or a late one."""
        webhook.events.append(event)
        if self._chance(self.settings.drop_probability, "dropped"):
            event.status = "Dropped"
            return
        lane = self._lane(webhook)
        for _ in range(1 + self._chance(self.settings.duplicate_probability, "duplicated")):
            delay = 0.0
            if self._chance(self.settings.reorder_probability, "reordered"):
                delay = self._random.uniform(0, self.settings.reorder_seconds)
            self._enqueue(lane, event, 0, delay + self._retry_delay(0))

    def forget(self, webhook: Webhook) -> None:
        """Drop what is pending for a webhook that was deleted or disabled."""
        lane = self._lanes.get(webhook.id)
        if lane is None:
            return
        self._cancel_timers(lane)
        while not lane.queue.empty():
            event, _ = lane.queue.get_nowait()
            self._abandon(event)

    def _chance(self, probability: float, name: str) -> bool:
        hit = probability > 0 and self._random.random() < probability
        self.counts[name] += hit
        return hit

    def _lane(self, webhook: Webhook) -> Lane:
        lane = self._lanes.get(webhook.id)
        if lane is None:
            lane = self._lanes[webhook.id] = Lane(webhook)
        if self._running and not lane.workers:
            self._staff(lane)
        return lane

    def _staff(self, lane: Lane) -> None:
        count = self.settings.delivery_concurrency
        lane.workers.extend(asyncio.create_task(self._work(lane)) for _ in range(count))

    def _retry_delay(self, attempt: int) -> float:
        return self.settings.retry_seconds[attempt] / self.settings.retry_time_factor

    def _enqueue(self, lane: Lane, event: Event, attempt: int, delay: float) -> None:
        self.pending += 1
        if delay <= 0:
            lane.queue.put_nowait((event, attempt))
            return

        def due() -> None:
            lane.timers.discard(timer)
            lane.queue.put_nowait((event, attempt))

        timer = asyncio.get_running_loop().call_later(delay, due)
        lane.timers.add(timer)

    def _cancel_timers(self, lane: Lane) -> None:
        for timer in lane.timers:
            timer.cancel()
        self.pending -= len(lane.timers)
        self.counts["abandoned"] += len(lane.timers)
        lane.timers.clear()

    def _abandon(self, event: Event) -> None:
        event.status = "Dropped"
        self.pending -= 1
        self.counts["abandoned"] += 1

    async def _work(self, lane: Lane) -> None:
        poster = self._poster()
        try:
            while True:
                await self._next(lane, poster)
        finally:
            poster.close()

    async def _next(self, lane: Lane, poster: Poster) -> None:
        event, attempt = await lane.queue.get()
        if not lane.webhook.active(self.clock()):
            self._abandon(event)
            return
        delivered = await self._attempt(lane.webhook, event, poster)
        if not delivered:
            self._again(lane, event, attempt + 1)
        self.pending -= 1

    def _again(self, lane: Lane, event: Event, attempt: int) -> None:
        """Wait for the next place in the table; behind its end the webhook becomes Disabled."""
        if attempt < len(self.settings.retry_seconds):
            event.status = "Retrying"
            self._enqueue(lane, event, attempt, self._retry_delay(attempt))
            return
        event.status = "Failed"
        lane.webhook.disabled = True
        self.forget(lane.webhook)

    async def _attempt(self, webhook: Webhook, event: Event, poster: Poster) -> bool:
        sent_at = self.clock()
        status, error = await self._send(webhook, event.payload, poster)
        event.attempts.append(Attempt(sent_at, status, self.clock() - sent_at, error))
        delivered = status is not None and 200 <= status < 300
        if delivered:
            event.status = "Delivered"
        self.counts["sent"] += 1
        self.counts["succeeded" if delivered else "failed"] += 1
        return delivered

    async def _send(self, webhook: Webhook, payload: bytes, poster: Poster) -> tuple[int | None, str | None]:
        """Return (status, None) or (None, what went wrong)."""
        headers = self._headers(webhook, payload)
        try:
            async with asyncio.timeout(self.settings.delivery_timeout_seconds):
                return await poster.post(webhook.destination, headers, payload), None
        except OSError as error:
            return None, type(error).__name__

    def _headers(self, webhook: Webhook, payload: bytes) -> dict[str, str]:
        bad = self._chance(self.settings.bad_signature_probability, "bad_signatures")
        signed = b"something else" if bad else payload
        return {
            "content-type": "application/json; charset=utf-8",
            "user-agent": "Protime-Webhooks",
            self.settings.signature_header: sign(signed, webhook.key, self.settings),
        }

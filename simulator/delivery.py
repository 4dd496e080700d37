"""The delivery engine: signed POSTs to the webhooks' destinations, retried by a table, never in order for sure."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable

from simulator.lane import Lane
from simulator.lapse import Lapse
from simulator.posting import Poster, keep_alive
from simulator.settings import Settings
from simulator.signing import sign
from simulator.webhooks import Attempt, Event, Webhook

Clock = Callable[[], float]
BEHIND_SECONDS = 0.1  # an event that waited for a Delete leaves so long after it
COUNTS = (
    "sent", "succeeded", "failed", "dropped", "duplicated", "reordered", "delete_first", "bad_signatures", "abandoned",
)  # fmt: skip


class Delivery:
    """Runs between `start` and `stop`; what is published before waits."""

    def __init__(
        self, settings: Settings, clock: Clock, lapse: Lapse, poster: Callable[[], Poster] | None = None
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.lapse = lapse
        self.counts = Counter(dict.fromkeys(COUNTS, 0))
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
            self._drop_pending(lane)
            lane.workers.clear()
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._running = False

    async def reset(self) -> None:
        """Forget everything, counts too."""
        await self.stop()
        self._lanes.clear()
        self.counts.update({name: -count for name, count in self.counts.items()})
        self.pending = 0
        self.reseed()
        await self.start()

    def reseed(self) -> None:
        self._random.seed(self.settings.delivery_seed)

    def retime(self) -> None:
        """Let the retries that wait follow a changed time factor."""
        for lane in self._lanes.values():
            lane.retime(self._rate())

    def publish(self, webhook: Webhook, event: Event) -> None:
        """Send an event, or what chance makes of it: nothing, two of it, or a late one."""
        webhook.events.append(event)
        if self._chance(self.settings.drop_probability, "dropped"):
            event.status = "Dropped"
            return
        lane = self._lane(webhook)
        for _ in range(1 + self._chance(self.settings.duplicate_probability, "duplicated")):
            self._first_time(lane, event)

    def forget(self, webhook: Webhook) -> None:
        """Drop what is pending for a webhook that was deleted or disabled."""
        if lane := self._lanes.get(webhook.id):
            self._drop_pending(lane)

    def _first_time(self, lane: Lane, event: Event) -> None:
        self.pending += 1
        settings = self.settings
        if event.change != "Delete" and self._chance(settings.delete_first_probability, "delete_first"):
            lane.hold(event, settings.delete_first_seconds)
            return
        seconds = settings.retry_seconds[0] / self._rate() + self._until_burst()
        if self._chance(settings.reorder_probability, "reordered"):
            seconds += self._random.uniform(0, settings.reorder_seconds)
        lane.add(event, 0, seconds)
        if event.change == "Delete":
            lane.release(event.resource_id, seconds + BEHIND_SECONDS)

    def _until_burst(self) -> float:
        """Seconds until what is held leaves together."""
        every = self.settings.burst_seconds
        return every - time.monotonic() % every if every else 0.0

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

    def _rate(self) -> float:
        """How much faster than a clock the retry table runs."""
        return self.settings.time_factor * self.settings.retry_time_factor

    def _drop_pending(self, lane: Lane) -> None:
        for event in lane.clear():
            self._abandon(event)

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
        if not lane.webhook.active(self.lapse.now()):
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
            self.pending += 1
            lane.add(event, attempt, self.settings.retry_seconds[attempt], self._rate())
            return
        event.status = "Failed"
        lane.webhook.end(self.lapse.now())
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

"""The simulated tenant: everything it remembers, and how a change becomes events."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec

from simulator import seeding
from simulator.activities import Activities
from simulator.auth import Tokens
from simulator.collections.row import Record
from simulator.collections.table import ROWS
from simulator.delivery import Delivery
from simulator.delta import CHANGED_FORM, DELETED_FORM, Deltas
from simulator.lapse import Lapse
from simulator.limits import RateLimit
from simulator.posting import Poster
from simulator.references import Wanted, embed
from simulator.settings import Settings
from simulator.store import Change, Entry, Store
from simulator.webhooks import Event, Webhooks

Clock = Callable[[], float]
ENVELOPES = {"object": (b"", b""), "array": (b"[", b"]"), "value": (b'{"value":[', b"]}")}


class Tenant:
    """One tenant in memory. `clock` gives seconds since the epoch."""

    def __init__(self, settings: Settings, clock: Clock, poster: Callable[[], Poster] | None = None) -> None:
        self.settings = settings
        self.clock = clock
        self.lapse = Lapse(settings, clock)
        self.delivery = Delivery(settings, clock, self.lapse, poster)
        self.paging_era = 0  # paging tokens of an earlier era have expired
        self._tasks: set[asyncio.Task[None]] = set()
        self._begin()

    def _begin(self) -> None:
        """Start with the seed's data and nothing else."""
        settings = self.settings
        self.calls: Counter[str] = Counter()
        self.tokens = Tokens(settings)
        self.limit = RateLimit()
        self.deltas = Deltas(settings)
        self.webhooks = Webhooks(settings.seed, ZoneInfo(settings.timezone), self.lapse)
        self.activities = Activities(settings.seed)
        self.generating = 0  # changes that a paced generation still has to make
        self.store = Store(ROWS, self._emit)
        today = datetime.fromtimestamp(self.clock(), UTC).date()
        self.world = seeding.seed(self.store, settings, today)

    async def start(self) -> None:
        await self.delivery.start()

    async def stop(self) -> None:
        await self._end_tasks()
        await self.delivery.stop()

    async def reset(self) -> None:
        """Another tenant by the same settings: versions and ids begin anew, so consumers must too."""
        await self._end_tasks()
        await self.delivery.reset()
        self.paging_era += 1
        self._begin()

    def retime(self) -> None:
        """Take up a changed time factor now."""
        self.lapse.now()
        self.delivery.retime()

    async def _end_tasks(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def keep(self, task: asyncio.Task[None]) -> None:
        """Hold on to a background task until it ends or the tenant stops."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def render(self, record: Record, raw: bytes, collection: str, wanted: Wanted) -> bytes:
        """The JSON of a record, with the external references that the caller wants."""
        if not wanted:
            return raw
        row = self.store.shelves[collection].row
        return msgspec.json.encode(embed(record, row, wanted, self.store))

    def item(self, change: Change, wanted: Wanted) -> bytes:
        """One item of a delta, which is one event of a webhook too."""
        entry = change.entry
        if entry.record is None:
            return self.removal(entry)
        return CHANGED_FORM + self.render(entry.record, entry.raw, change.row.name, wanted) + b"}"

    def removal(self, entry: Entry) -> bytes:
        """The item of a record that is gone, or gone from a delta's window: version and id alone."""
        gone = {"changeVersion": entry.version, "id": entry.id}
        return DELETED_FORM + (entry.raw if entry.record is None else msgspec.json.encode(gone)) + b"}"

    def _emit(self, change: Change) -> None:
        """Publish a change to every webhook of its collection; equal payloads are built once."""
        now = self.clock()
        before, after = ENVELOPES[self.settings.envelope]
        built: dict[str, bytes] = {}
        hooks = self.webhooks.listening(change.row.name) if change.row.webhook else ()
        for webhook in hooks:
            shape = str(webhook.wanted)
            if shape not in built:
                built[shape] = before + self.item(change, webhook.wanted) + after
            event = Event(
                self.webhooks.new_id(), change.row.name, change.kind, change.entry.id, now, built[shape]
            )
            self.delivery.publish(webhook, event)

"""Walking over the event log: back in time for the newest, forward for what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from workers.events import Event
from workers.store import Store
from workers.store.keys import Partition
from workers.store.log import Found

_PAGE = 500
_POLL_SECONDS = 0.25

Wanted = Callable[[Event], bool]


async def newest(store: Store, tenants: Iterable[str], wanted: Wanted, limit: int) -> list[Event]:
    """The newest `limit` events over all partitions, oldest first. Reads no more of the log than it must."""
    partitions = [p for tenant in tenants for p in store.inbox.all(tenant)]
    found = [event for p in partitions for event in await _newest(store, p, wanted, limit)]
    return sorted(found, key=lambda event: event.head.time)[-limit:]


async def holds(store: Store, tenants: Iterable[str], collection: str) -> bool:
    """Whether the log has an event of a collection."""
    found = await newest(store, tenants, lambda event: event.head.data.collection == collection, 1)
    return bool(found)


async def _newest(store: Store, partition: Partition, wanted: Wanted, limit: int) -> list[Event]:
    """Of one partition, oldest first."""
    upper, found = await store.log.newest(partition), list[Event]()
    while upper > 0 and len(found) < limit:
        page = await _page(store, partition, max(0, upper - _PAGE), upper)
        if not page:
            break  # what is older was purged
        found = [f.event for f in page if wanted(f.event)] + found
        upper = max(0, upper - _PAGE)
    return found[-limit:]


async def _page(store: Store, partition: Partition, after: int, last: int) -> list[Found]:
    page = []
    async for found in store.log.after(partition, after):
        if found.number > last:
            break
        page.append(found)
    return page


async def tail(
    store: Store, tenants: Iterable[str], wanted: Wanted, tell: Callable[[Event], None], stop: asyncio.Event
) -> None:
    """Tells every event that comes from now on, of one partition in order, until `stop` is set."""
    numbers = {p: await store.log.newest(p) for tenant in tenants for p in store.inbox.all(tenant)}
    while not stop.is_set():
        for partition, number in numbers.items():
            async for found in store.log.after(partition, number):
                numbers[partition] = found.number
                if wanted(found.event):
                    tell(found.event)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), _POLL_SECONDS)

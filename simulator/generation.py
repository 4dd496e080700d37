"""Numbered changes at will, for load and end-to-end tests: every one emits its webhooks like any change."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Any

import msgspec

from simulator.marks import MARKS
from simulator.seeds.records import MAKERS
from simulator.settings import Count, Factor
from simulator.store import Id, Shelf, version_of
from simulator.tenant import Tenant

CHUNK = 200  # changes between two looks at other work
STEP_SECONDS = 0.02  # paced changes come in steps of this length
GENERATED = tuple(MAKERS)


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`changes` numbered changes, spread by `seed` over `resources`, or over `count` records that exist or are made."""

    collection: str = "assignments"
    resources: list[int] | None = None
    count: Count = 10
    changes: Count = 100
    seed: int = 1
    per_second: Factor | None = None


async def generate(tenant: Tenant, order: Order) -> dict[str, Any]:
    """Create what is missing, then change. Paced changes go on after the return."""
    rng = random.Random(order.seed)
    first = tenant.store.sequence + 1
    keys = _targets(tenant, order)
    tenant.generating += order.changes
    if order.per_second:
        tenant.keep(asyncio.create_task(_paced(tenant, order, keys, rng)))
    else:
        for number in range(1, order.changes + 1):
            _change(tenant, order.collection, rng.choice(keys), number)
            if number % CHUNK == 0:
                await asyncio.sleep(0)
    return {
        "resources": keys,
        "changes": order.changes,
        "firstVersion": version_of(first),
        "lastVersion": version_of(tenant.store.sequence),
    }


async def _paced(tenant: Tenant, order: Order, keys: list[Id], rng: random.Random) -> None:
    """Keep to the rate over the whole run: what one step was late for, the next makes good."""
    rate, begun = order.per_second or 1.0, time.monotonic()
    number = 0
    while number < order.changes:
        due = min(order.changes, int((time.monotonic() - begun) * rate) + 1)
        while number < due:
            number += 1
            _change(tenant, order.collection, rng.choice(keys), number)
        await asyncio.sleep(STEP_SECONDS)


def _targets(tenant: Tenant, order: Order) -> list[Id]:
    shelf = tenant.store.shelves[order.collection]
    if order.resources:
        for key in order.resources:
            if tenant.store.get(order.collection, key) is None:
                _make(tenant, shelf, key)
        return list(order.resources)
    keys: list[Id] = [record["id"] for record in shelf.live()][: order.count]
    while len(keys) < max(1, order.count):
        keys.append(_make(tenant, shelf, shelf.next_id))
    return keys


def _make(tenant: Tenant, shelf: Shelf, number: int) -> Id:
    """A new record of today for one of the people; of `people`, a new one."""
    today = datetime.fromtimestamp(tenant.clock(), UTC).date().isoformat()
    known = max(1, tenant.settings.people)
    person = number if shelf.row.name == "people" else 1 + number % known
    fields = MAKERS[shelf.row.name](person, today, random.Random(number))
    return tenant.store.put(shelf.row.name, {**shelf.row.defaults, **fields}, number).id


def _change(tenant: Tenant, collection: str, key: Id, number: int) -> None:
    tenant.generating -= 1
    entry = tenant.store.get(collection, key)
    if entry is None or entry.record is None:
        return
    fields = {name: value for name, value in entry.record.items() if name not in ("id", "changeVersion")}
    fields.update(MARKS[collection](fields, number))
    tenant.store.put(collection, {name: value for name, value in fields.items() if value is not None}, key)

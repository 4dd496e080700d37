"""The data a tenant has before anybody writes: by the seed alone, but for the dates, which lie around today."""

from __future__ import annotations

import random
from datetime import date

from simulator.seeds import calendar, catalogs, definitions, people
from simulator.settings import Settings
from simulator.store import Store
from simulator.world import World, populated


def seed(store: Store, settings: Settings, today: date) -> World:
    """Fill an empty store."""
    rng = random.Random(settings.seed)
    definitions.fill(store, rng)
    people.fill(store, settings.people, rng)
    catalogs.fill(store, settings.people)
    calendar.fill(store, settings, today, rng)
    return populated(settings.people)

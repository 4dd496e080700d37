"""Reading whole collections of the stand-in, whatever filter they demand."""

from __future__ import annotations

from typing import Any

from simulator.collections.table import ROWS, TABLE

WHOLE = "filter=date ge '2026-01-01'"
LISTED = [row for row in ROWS if row.listed]
DATED = [row for row in LISTED if any(field.required for field in row.filters.values())]


def address(collection: str) -> str:
    """The list of a collection, with the widest filter where one is demanded."""
    demanded = any(field.required for field in TABLE[collection].filters.values())
    return f"/{collection}?{WHOLE}" if demanded else f"/{collection}"


async def records(sim: Any, collection: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]]
    found, _, _ = await sim.follow(address(collection))
    return found

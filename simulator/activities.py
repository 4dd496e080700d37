"""What hangs on activity definitions: who may use them and when, and restrictions."""

from __future__ import annotations

import random
from typing import Any

from simulator.seeds.definitions import new_guid
from simulator.store import Id

NO_END = "9999-12-31"
Detail = dict[str, Any]


class Activities:
    """Usages and restrictions by the id of their definition, and the ids of new definitions."""

    def __init__(self, seed: int) -> None:
        self.usages: dict[Id, list[Detail]] = {}
        self.restrictions: dict[Id, list[Detail]] = {}
        self._random = random.Random(f"activities {seed}")
        self._last_usage = 0

    def new_id(self) -> str:
        return new_guid(self._random)

    def add_usage(self, key: Id, usage: Detail) -> Detail:
        self._last_usage += 1
        numbered = {"id": self._last_usage, **usage}
        self.usages.setdefault(key, []).append(numbered)
        return numbered

    def details(self, key: Id) -> dict[str, list[Detail]]:
        return {"usages": self.usages.get(key, []), "restrictions": self.restrictions.get(key, [])}

    def forget(self, key: Id) -> None:
        self.usages.pop(key, None)
        self.restrictions.pop(key, None)


def overlap(one: Detail, other: Detail) -> bool:
    """Whether two usages speak of the same kind and reference at the same time; both ends belong to a period."""
    same = all(one[name] == other[name] for name in ("activityUsageKind", "usageReference"))
    return same and one["from"] <= other.get("until", NO_END) and other["from"] <= one.get("until", NO_END)

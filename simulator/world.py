"""What no endpoint lists: which people belong to the named sets of the filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.filters import Constant

SETS = ("circle", "org-group", "org-tree")
CIRCLES = range(1, 11)
ORG_GROUPS = (200, 201)


@dataclass
class World:
    members: dict[tuple[str, int], frozenset[int]] = field(default_factory=dict)

    def people_in(self, name: str, numbers: Sequence[Constant]) -> frozenset[int]:
        """Raises KeyError for an unknown kind of set; an unknown number is an empty set."""
        if name not in SETS:
            raise KeyError(name)
        kind = "circle" if name == "circle" else "org-group"
        found = (
            self.members.get((kind, number), frozenset()) for number in numbers if isinstance(number, int)
        )
        return frozenset().union(*found)


def populated(people: int) -> World:
    """The circles deal the people out; the org groups hold the even and the odd numbers."""
    everyone = range(1, people + 1)
    circles = {("circle", n): frozenset(p for p in everyone if p % 10 == n % 10) for n in CIRCLES}
    groups = {("org-group", n): frozenset(p for p in everyone if p % 2 == n % 2) for n in ORG_GROUPS}
    return World({**circles, **groups})

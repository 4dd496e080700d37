"""What can be written about a clocking, kind by kind (protime-api §9.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workers.protime.bodies import Body
from workers.protime.body_values import (
    DAY,
    FLAG,
    GUID,
    MINUTES,
    WHOLE,
    Levels,
    Mistake,
    Position,
    Reference,
    one_of,
)

#: kind → the properties that only clockings of this kind have, and whether they must have them.
KINDS: Mapping[str, Mapping[str, bool]] = {
    "InOut": {},
    "Reason": {"reason": True, "isOpen": False},
    "Activity": {"activityLevels": True},
    # It ends whatever activity is running, and names none.
    "ActivityEnd": {},
}


def _of_its_kind(body: Mapping[str, Any]) -> Iterator[Mistake]:
    kind = body.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return
    for owner, properties in KINDS.items():
        for name, needed in properties.items():
            if kind != owner and body.get(name) is not None:
                yield Mistake(name, f"is for clockings of kind {owner} only, not {kind}")
            if kind == owner and needed and body.get(name) in (None, []):
                yield Mistake(name, f"is required for clockings of kind {kind}")


CLOCKING = Body(
    "clockings",
    {
        "person": Reference("clockings", "people", WHOLE),
        "date": DAY,
        "timeOfDayInMinutes": MINUTES,
        "terminal": Reference("clockings", "terminals", WHOLE),
        "geolocation": Position(),
        "kind": one_of(*KINDS),
        "reason": Reference("clockings", "absence-definitions", WHOLE),
        "isOpen": FLAG,
        "activityLevels": Levels(Reference("clockings", "activity-definitions", GUID)),
    },
    required=frozenset({"person", "date", "timeOfDayInMinutes", "kind"}),
    read_only=frozenset(
        {
            "changeVersion",
            "id",
            "originalTimeOfDayInMinutes",
            "calculatedTimeOfDayInMinutes",
            "isGenerated",
            "status",
        }
    ),
    rules=(_of_its_kind,),
)

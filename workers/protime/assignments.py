"""What can be written about an assignment (protime-api §9.1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workers.protime.bodies import Body, ordered
from workers.protime.body_values import DAY, DURATION, GUID, MINUTES, TEXT, WHOLE, Levels, Reference

ASSIGNMENT = Body(
    "assignments",
    {
        "person": Reference("assignments", "people", WHOLE),
        "from": DAY,
        "until": DAY,
        "startTimeInMinutes": MINUTES,
        "endTimeInMinutes": MINUTES,
        "breakDurationInMinutes": DURATION,
        "comments": TEXT,
        "activityLevels": Levels(Reference("assignments", "activity-definitions", GUID)),
    },
    required=frozenset({"person", "from", "activityLevels"}),
    read_only=frozenset({"changeVersion", "id", "isRejected"}),
    rules=(ordered("from", "until"), ordered("startTimeInMinutes", "endTimeInMinutes")),
)


def changed(record: Mapping[str, Any], changes: Any) -> dict[str, Any]:
    """The body that updates `record`, as it was read, by `changes`: see `Body.changed`. Raises BodyRefused."""
    return ASSIGNMENT.changed(record, changes)

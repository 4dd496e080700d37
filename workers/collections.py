"""The collections Protime sends webhooks for: the 18 names of the webhook reference."""

from __future__ import annotations

from typing import Literal, get_args

Collection = Literal[
    "absences",
    "absence-definitions",
    "absence-groups",
    "access-clockings",
    "activity-durations",
    "assignments",
    "break-definitions",
    "breaks",
    "calculated-totals",
    "clockings",
    "contracts",
    "counters",
    "counter-definitions",
    "counter-groups",
    "paid-presences",
    "people",
    "shift-definitions",
    "work-interruptions",
]

WEBHOOK_COLLECTIONS: tuple[str, ...] = get_args(Collection)

"""How far work moved, from the changed properties of an event: pure.

Minutes count from 00:00 of the record's day, and the day may change as well: 22:00 and -120 on the next day are the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from workers.events import Change

#: What may change when work moves and nothing else happens.
_TIMES: Final = frozenset(
    {
        "from",
        "until",
        "date",
        "startTimeInMinutes",
        "endTimeInMinutes",
        "durationInMinutes",
        "timeOfDayInMinutes",
        "originalTimeOfDayInMinutes",
        "calculatedTimeOfDayInMinutes",
    }
)
#: Further than any: from nowhere to somewhere, or the other way round.
FAR: Final = 10**9


def only_moved(changes: Sequence[Change]) -> bool:
    """Whether nothing but times changed."""
    return bool(changes) and all(change.path in _TIMES for change in changes)


def farthest_move(changes: Sequence[Change]) -> int:
    """Minutes by which the start or the end moved, whichever moved further; 0 when both stayed."""
    found = {change.path: change for change in changes}
    day, minutes = _first(found, "from", "date"), _first(found, "startTimeInMinutes", "timeOfDayInMinutes")
    last, end = found.get("until"), found.get("endTimeInMinutes")
    if last is None and end is not None:
        last = found.get("date")  # both ends are on the one day of the record
    return max(_moved(day, minutes), _moved(last, end))


def _first(found: Mapping[str, Change], *names: str) -> Change | None:
    return next((found[name] for name in names if name in found), None)


def _moved(day: Change | None, minutes: Change | None) -> int:
    try:
        return abs(_days(day) * 1440 + _minutes(minutes))
    except (TypeError, ValueError, LookupError, ArithmeticError):
        return FAR


def _days(change: Change | None) -> int:
    if change is None:
        return 0
    return (date.fromisoformat(change.after[:10]) - date.fromisoformat(change.before[:10])).days


def _minutes(change: Change | None) -> int:
    return 0 if change is None else int(change.after - change.before)

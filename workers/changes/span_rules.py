"""Rules about the working time of a record.

Times are compared as absolute wall clock (protime-api §11.1), without a zone: 22:00 is the same as -120 minutes on the
next day.
"""

from __future__ import annotations

from math import inf

from workers.changes.rules import Update
from workers.changes.times import Span


def moved_to_other_day(update: Update) -> bool:
    """Tell whether the record's own date is another, even if the work is at the same time."""
    return update.before.span.first != update.after.span.first


def start_moved(update: Update) -> bool:
    """Tell whether the work starts at another time, or has a start only before or only after."""
    old, new = update.before.span, update.after.span
    return old.starts != new.starts or (old.start is None) != (new.start is None)


def end_moved(update: Update) -> bool:
    old, new = update.before.span, update.after.span
    # Open-ended work has no last day, but still a time at which its days end.
    open_ended_moved = new.last is None and old.end != new.end
    return old.ends != new.ends or (old.end is None) != (new.end is None) or open_ended_moved


def rescheduled(update: Update) -> bool:
    return start_moved(update) or end_moved(update)


def lengthened(update: Update) -> bool:
    old, new = update.before.span, update.after.span
    return _comparable(old, new) and _length(old) < _length(new)


def shortened(update: Update) -> bool:
    old, new = update.before.span, update.after.span
    return _comparable(old, new) and _length(old) > _length(new)


def _comparable(old: Span, new: Span) -> bool:
    # A start or end on one side only leaves no length to compare; missing on both, it counts as unchanged.
    return (
        old.first is not None
        and new.first is not None
        and (old.start is None) == (new.start is None)
        and (old.end is None) == (new.end is None)
    )


def _length(span: Span) -> tuple[float, int]:
    # From start to end on the wall clock, breaks included. Open-ended work is longer than any other.
    if span.starts is None or span.ends is None:
        return inf, (span.end or 0) - (span.start or 0)
    return span.ends - span.starts, 0

"""Does a sink want this event? A function of the two, so that the answer is the same at every retry and replay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from workers.events import Change, Event, EventHead
from workers.sinks.base import Failure, Filter
from workers.sinks.day_times import DayTimes, ZonedDayTimes
from workers.sinks.defects import of_event
from workers.sinks.expressions import holds
from workers.sinks.moves import farthest_move, only_moved

#: Whether a sink wants an event, or why nobody can tell. That is as good as yes: a failure becomes a dead letter later.
Judgement = bool | Failure


def matches(wanted: Filter, event: Event, /) -> bool:
    """Whether every key of the filter is left out or matches the event. The dearest look is the last."""
    return _head_matches(wanted, event.head) and (
        wanted.expression is None or holds(wanted.expression, event)
    )


def judged(wanted: Filter, event: Event, /) -> Judgement:
    """As `matches`; an event on which the filter itself fails becomes a dead letter of that failure."""
    try:
        return matches(wanted, event)
    except Exception as error:  # noqa: BLE001 the events behind it are not to wait for a defect
        return of_event("filter", error)


def _head_matches(wanted: Filter, head: EventHead) -> bool:
    data = head.data
    return (
        _any_of(wanted.tenants, (data.tenant,))
        and _any_of(wanted.collections, (data.collection,))
        and _any_of(wanted.types, (head.type,))
        and _any_of(wanted.change, (data.change,))
        and _any_of(wanted.meaning, data.meaning)
        and _any_of(wanted.persons, _persons(head))
        and _any_of(wanted.origins, (head.origin,))
        and _as_short_as(wanted.short_notice, head)
        and _changed(wanted.any_changed, data.changes)
        and _moved(wanted.minimum_move_minutes, data.changes)
        and _starts(wanted.starts_between, data.start)
        and _learned(wanted.learned_between, head.time)
    )


def _any_of(wanted: Collection[object] | None, actual: Collection[object]) -> bool:
    return wanted is None or any(value in wanted for value in actual)


def _persons(head: EventHead) -> tuple[int, ...]:
    person = head.data.person
    return () if person is None or person.id is None else (person.id,)


def _as_short_as(wanted: bool | None, head: EventHead) -> bool:
    # Without a notice (no start of work is known) an event is not short.
    notice = head.data.notice
    return wanted is None or wanted == (notice is not None and notice.short)


def _changed(wanted: Collection[str] | None, changes: Collection[Change]) -> bool:
    return wanted is None or any(c.path == w or c.path.startswith(f"{w}.") for c in changes for w in wanted)


def _moved(least: int | None, changes: tuple[Change, ...]) -> bool:
    return least is None or not only_moved(changes) or farthest_move(changes) >= least


def _starts(wanted: DayTimes | None, start: str | None) -> bool:
    return wanted is None or (start is not None and wanted.holds(start[11:16]))


def _learned(wanted: ZonedDayTimes | None, time: str) -> bool:
    return wanted is None or wanted.holds_at(datetime.fromisoformat(time))

"""Does a sink want this event? A function of the two, so that the answer is the same at every retry and replay."""

from __future__ import annotations

from collections.abc import Collection

from workers.events import EventHead
from workers.sinks.base import Filter


def matches(wanted: Filter, head: EventHead, /) -> bool:
    """Whether every key of the filter is left out or matches the event."""
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

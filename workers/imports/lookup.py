"""Looking for a record that a POST may have made: what to ask for, and which of the answers it is. Pure.

All that was written is compared. What the record has beyond that does not count, since Protime may add to it; the
closest record is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from typing import Any

from workers.alike import alike, wall_minutes
from workers.protime import Body, field
from workers.protime.body_values import Levels, Reference
from workers.protime.filters import Expression

_DAY = timedelta(days=1)


def query(body: Body, written: Mapping[str, Any]) -> tuple[Expression, list[tuple[str, str]]]:
    """The filter of a list that has the record in it, and the external references it needs.

    A day more on both sides: a clocking at night can come back with the date of the day it belongs to
    (protime-api §11.1).
    """
    day = date.fromisoformat(written.get("date") or written["from"])
    where: Expression = field("date").between(day - _DAY, day + _DAY)
    if "id" in written["person"]:
        where = field("person").is_in(written["person"]["id"]) & where
    return where, sorted(set(_references(body, written)))


def found(
    body: Body, written: Mapping[str, Any], records: Iterable[Mapping[str, Any]], claimed: AbstractSet[int]
) -> int | None:
    """The id of the record that `written` has become; none of `claimed`, and none that was removed."""
    alike = [
        record
        for record in records
        if record["id"] not in claimed and record.get("status") != "Deleted" and same(written, record)
    ]
    best = min(alike, key=lambda record: (_beyond(body, written, record), record["id"]), default=None)
    return None if best is None else int(best["id"])


def same(written: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether the record has all that was written."""
    if "timeOfDayInMinutes" in written and _clocked(written) != _clocked(record):
        return False
    return all(
        name in ("date", "timeOfDayInMinutes") or alike(value, record.get(name))
        for name, value in written.items()
        if value is not None and name not in ("id", "changeVersion")
    )


def size(value: Any) -> int:
    """How much is said. Of two rows of which one says the other and more, the longer one is looked for first."""
    if isinstance(value, Mapping):
        return sum(map(size, value.values()))
    return sum(map(size, value)) if isinstance(value, list) else int(value is not None)


def _references(body: Body, written: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in written.items():
        kind = body.properties.get(name)
        if isinstance(kind, Reference):
            yield from ((kind.to, named) for named in (value or {}).get("externalReferences", ()))
        elif isinstance(kind, Levels):
            for item in value or ():
                named_by = item["activityDefinition"].get("externalReferences", ())
                yield from ((kind.definition.to, named) for named in named_by)


def _clocked(record: Mapping[str, Any]) -> int:
    return wall_minutes(record, "date", "timeOfDayInMinutes")


def _beyond(body: Body, written: Mapping[str, Any], record: Mapping[str, Any]) -> int:
    return sum(bool(record.get(name)) for name in body.properties if written.get(name) is None)

"""Looking for a record that a POST may have made: what to ask for, and which of the answers it is. Pure.

All that was written is compared. What the record has beyond that does not count, since Protime may add to it; the
closest record is taken.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from workers.protime import Body, field
from workers.protime.body_values import Levels, Reference
from workers.protime.filters import Expression

_DAY = timedelta(days=1)
_DAY_MINUTES = 1440
#: About ten centimetres: coordinates may come back rounded.
_DEGREES = 1e-6


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
    body: Body, written: Mapping[str, Any], records: Iterable[Mapping[str, Any]], claimed: frozenset[int]
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
    if "timeOfDayInMinutes" in written and _moment(written) != _moment(record):
        return False
    return all(
        name in ("date", "timeOfDayInMinutes") or _same(value, record.get(name))
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


def _moment(record: Mapping[str, Any]) -> int:
    """Wall-clock minutes, whichever day they are counted from."""
    return date.fromisoformat(record["date"]).toordinal() * _DAY_MINUTES + int(record["timeOfDayInMinutes"])


def _same(written: Any, kept: Any) -> bool:
    if kept is None:
        # Zero, false and nothing at all may come back as absent.
        return not written
    if isinstance(written, Mapping):
        return isinstance(kept, Mapping) and all(_same(value, kept.get(n)) for n, value in written.items())
    if isinstance(written, list):
        return isinstance(kept, list) and all(any(_same(item, k) for k in kept) for item in written)
    if isinstance(kept, float) or isinstance(written, float):
        return _close(written, kept)
    if isinstance(written, str) and isinstance(kept, str):
        return written.strip().casefold() == kept.strip().casefold()
    return bool(written == kept)


def _close(written: Any, kept: Any) -> bool:
    try:
        return math.isclose(float(written), float(kept), abs_tol=_DEGREES)
    except (TypeError, ValueError):
        return False


def _beyond(body: Body, written: Mapping[str, Any], record: Mapping[str, Any]) -> int:
    return sum(bool(record.get(name)) for name in body.properties if written.get(name) is None)

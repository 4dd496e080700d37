"""What Protime would refuse in a filter, refused before it is sent (protime-api §3.3, §6.3). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from workers.protime.collections import COLLECTIONS, Category, Field
from workers.protime.filters import And, Condition, Expression, FilterError, Or

#: A range of a year may touch a leap day (CHOICE-07).
LONGEST_RANGE_DAYS = 366

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_OPERATORS = {Category.SINGLE: ("eq",), Category.RANGE: ("eq", "ge", "le"), Category.MULTIPLE: ("eq", "in")}


def check(collection: str, where: Expression | None) -> None:
    """Raises FilterError when a list of `collection` may not be filtered so. An unknown collection passes."""
    known = COLLECTIONS.get(collection)
    if known is None:
        return
    for condition in _conditions(where):
        _check_condition(collection, condition)
    for or_ in _ors(where):
        _check_or(collection, or_)
    if known.dated and not _dates(where):
        raise FilterError(f"{collection}: a filter on date is required")
    if known.year_cap:
        _check_range(where)


def check_delta(collection: str, where: Expression | None, today: date | None) -> None:
    """The same for the start of a delta. `today` in the tenant's zone; None leaves the start of the window unchecked."""
    known = COLLECTIONS.get(collection)
    if known is None:
        return
    if not known.delta:
        raise FilterError(f"{collection} has no delta")
    for condition in _conditions(where):
        if condition.field != "date" or not known.dated:
            allowed = "only date" if known.dated else "no filter"
            raise FilterError(f"a delta of {collection} takes {allowed}, not {condition.field}")
    check(collection, where)
    if known.dated:
        _check_range(where)
        _check_start(collection, where, today)


def earliest_delta_start(today: date) -> date:
    """A delta may not begin before the first of January of the previous year."""
    return date(today.year - 1, 1, 1)


def _check_condition(collection: str, condition: Condition) -> None:
    field = COLLECTIONS[collection].filters.get(condition.field)
    if field is None:
        allowed = ", ".join(COLLECTIONS[collection].filters) or "nothing"
        raise FilterError(f"{collection} cannot be filtered by {condition.field} (by {allowed})")
    if condition.op not in _OPERATORS[field.category]:
        raise FilterError(
            f"{condition.field} takes {' or '.join(_OPERATORS[field.category])}, not {condition.op}"
        )
    for value in condition.values:
        if not _fits(field, value):
            raise FilterError(f"{condition.field} {condition.op} {value!r}: expected {_a(field.type)}")


def _fits(field: Field, value: object) -> bool:
    if field.type == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str) and (field.type != "date" or _day(value) is not None)


def _check_or(collection: str, or_: Or) -> None:
    for condition in _conditions(or_):
        category = COLLECTIONS[collection].filters[condition.field].category
        if category is not Category.MULTIPLE:
            raise FilterError(f"{condition.field} is a {category.value} field: it may not stand under or")


def _check_range(where: Expression | None) -> None:
    starts = [day for op, day in _dates(where) if op != "le"]
    ends = [day for op, day in _dates(where) if op != "ge"]
    if starts and ends and (min(ends) - max(starts)).days > LONGEST_RANGE_DAYS:
        raise FilterError(f"the range {max(starts)} to {min(ends)} is longer than a year")


def _check_start(collection: str, where: Expression | None, today: date | None) -> None:
    starts = [day for op, day in _dates(where) if op != "le"]
    if not starts:
        raise FilterError(f"a delta of {collection} needs a start: date ge '…'")
    if today is None:
        return
    if max(starts) > today:
        raise FilterError(f"a delta must start in the past, not on {max(starts)}")
    if max(starts) < earliest_delta_start(today):
        raise FilterError(
            f"a delta cannot start on {max(starts)}: {earliest_delta_start(today)} at the earliest"
        )


def _dates(where: Expression | None) -> list[tuple[str, date]]:
    found = ((c.op, _day(str(c.values[0]))) for c in _conditions(where) if c.field == "date")
    return [(op, day) for op, day in found if day is not None]


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if _DATE.fullmatch(value) else None
    except ValueError:
        return None


def _conditions(where: Expression | None) -> Iterator[Condition]:
    if isinstance(where, Condition):
        yield where
    elif isinstance(where, And | Or):
        for part in where.parts:
            yield from _conditions(part)


def _ors(where: Expression | None) -> Iterator[Or]:
    if isinstance(where, Or):
        yield where
    elif isinstance(where, And):
        for part in where.parts:
            yield from _ors(part)


def _a(type_: str) -> str:
    return {"date": "a date as 'YYYY-MM-DD'", "integer": "an integer", "string": "a text in quotes"}[type_]

"""Typed reading of a record's properties.

Only what normalization interprets is checked; everything else passes through as it came (protime-api §1.2). Absent and
null are the same (CHOICE-38) and never an error. All functions raise NormalizeError.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NoReturn

from workers.changes.model import NormalizeError

# Protime documents -1440 … 2880. A day more on each side is let through, since one property out of its range is no
# reason to withhold the change; beyond that the number is not a time of day.
MIN_MINUTES, MAX_MINUTES = -2880, 4320

# Dates outside these years are placeholders such as 0001-01-01 and 9999-12-31, and mean that there is none. (Before
# 1980 some zones had offsets with seconds, which RFC 3339 cannot write.)
FIRST_YEAR, LAST_YEAR = 1980, 9000


def day_of(body: dict[str, Any], name: str) -> int | None:
    """Read a `YYYY-MM-DD` property as its proleptic ordinal (see `date.toordinal`)."""
    value = body.get(name)
    if value is None:
        return None
    # fromisoformat also takes 20260310 and 2026-W11-2.
    if type(value) is not str or len(value) != 10 or value[7] != "-":
        _refuse(name, value, "a date as YYYY-MM-DD")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        _refuse(name, value, "a date as YYYY-MM-DD")
    return day.toordinal() if FIRST_YEAR <= day.year <= LAST_YEAR else None


def minutes_of(body: dict[str, Any], name: str) -> int | None:
    """Minutes from 00:00 of the record's own day, wall clock."""
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int or not MIN_MINUTES <= value <= MAX_MINUTES:
        _refuse(name, value, "a whole number of minutes from -1440 to 2880")
    return value


def person_of(body: dict[str, Any]) -> int | None:
    """`person.id`."""
    person = body.get("person")
    if person is None:
        return None
    if type(person) is not dict:
        _refuse("person", person, "an object with an id")
    number = person.get("id")
    if number is not None and type(number) is not int:
        _refuse("person.id", number, "an integer")
    return number


def _refuse(name: str, value: object, expected: str) -> NoReturn:
    raise NormalizeError(f"{name}: expected {expected}, not {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    # Cut before repr: an integer can have more digits than Python agrees to print.
    if isinstance(value, int) and abs(value) > 1 << 64:
        return "an integer of more than 64 bits"
    text = value if isinstance(value, str) else repr(value)
    short = text if len(text) <= 40 else text[:40] + "…"
    return repr(short) if isinstance(value, str) else short

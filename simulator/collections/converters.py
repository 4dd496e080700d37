"""Converters of writable properties: the JSON value in, the stored value out.

`Malformed` is model validation (a wrong type), `Refused` a controller's answer (a wrong value); both end as 400.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from simulator.collections.row import Converter, Lookup

FIRST_MINUTE, LAST_MINUTE = -1440, 2880


class Malformed(ValueError):
    """The value has the wrong type or lacks a part."""


class Refused(ValueError):
    """The value is readable and not allowed."""


def whole(value: Any, _lookup: Lookup) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("must be an integer")
    return value


def minutes(value: Any, lookup: Lookup) -> int:
    """Minutes relative to 00:00 of the record's own date."""
    number = whole(value, lookup)
    if not FIRST_MINUTE <= number <= LAST_MINUTE:
        raise Refused(f"must be between {FIRST_MINUTE} and {LAST_MINUTE}")
    return number


def duration(value: Any, lookup: Lookup) -> int:
    number = whole(value, lookup)
    if number < 0:
        raise Refused("must not be negative")
    return number


def text(value: Any, _lookup: Lookup) -> str:
    if not isinstance(value, str):
        raise Malformed("must be a string")
    return value


def flag(value: Any, _lookup: Lookup) -> bool:
    if not isinstance(value, bool):
        raise Malformed("must be a boolean")
    return value


def day(value: Any, lookup: Lookup) -> str:
    """A date `YYYY-MM-DD`."""
    given = text(value, lookup)
    try:
        return date.fromisoformat(given).isoformat() if len(given) == len("YYYY-MM-DD") else _no_day()
    except ValueError:
        return _no_day()


def _no_day() -> str:
    raise Malformed("must be a date YYYY-MM-DD")


def one_of(*choices: str) -> Converter:
    def convert(value: Any, lookup: Lookup) -> str:
        if text(value, lookup) not in choices:
            raise Malformed(f"must be one of {', '.join(choices)}")
        return str(value)

    return convert


def reference(collection: str) -> Converter:
    """`{"id": …}` or `{"externalReferences": {name: value}}`; stored as `{"id": …}`."""

    def convert(value: Any, lookup: Lookup) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise Malformed("must be an object with an id or external references")
        return {"id": lookup(collection, value)}

    return convert


def levels(value: Any, lookup: Lookup) -> list[dict[str, Any]]:
    """The activity levels of 9.1: both parts of each item are required."""
    if not isinstance(value, list):
        raise Malformed("must be an array")
    return [_level(item, lookup) for item in value]


def _level(item: Any, lookup: Lookup) -> dict[str, Any]:
    if not isinstance(item, dict) or "level" not in item or "activityDefinition" not in item:
        raise Malformed("each item needs a level and an activityDefinition")
    definition = reference("activity-definitions")(item["activityDefinition"], lookup)
    return {"level": whole(item["level"], lookup), "activityDefinition": definition}


def geolocation(value: Any, _lookup: Lookup) -> dict[str, float]:
    """Longitude and latitude; the documentation's own examples send numeric strings."""
    if not isinstance(value, dict) or set(value) - {"longitude", "latitude"}:
        raise Malformed("must be an object with longitude and latitude")
    try:
        return {name: float(value[name]) for name in ("longitude", "latitude") if name in value}
    except (TypeError, ValueError):
        raise Malformed("longitude and latitude must be numbers") from None

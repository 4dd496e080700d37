"""The times of a range, as people write them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

_NOT_QUOTED_BEYOND = 60
#: The years 1 to 9999 in UTC, in milliseconds; an offset can lead out of them.
_FIRST_MS, _BEHIND_MS = -62_135_596_800_000, 253_402_300_800_000


class NotATime(ValueError):
    """The message says what to write instead."""


def moment(text: str, zones: Collection[ZoneInfo]) -> int:
    """Unix milliseconds of an ISO 8601 date or time; without an offset it is of the one zone. Raises `NotATime`."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        quoted = repr(text[:_NOT_QUOTED_BEYOND])
        raise NotATime(f"{quoted} is not a time such as 2026-03-09 or 2026-03-09T14:00+01:00.") from None
    if at.tzinfo is None:
        if len(zones) != 1:
            raise NotATime("the tenants live in different time zones: say the offset, such as +01:00.")
        at = at.replace(tzinfo=next(iter(zones)))
    found = round(at.timestamp() * 1000)
    if not _FIRST_MS <= found < _BEHIND_MS:
        raise NotATime("there is no such year: the years are 1 to 9999.")
    return found

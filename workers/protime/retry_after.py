"""The `Retry-After` header: seconds or an HTTP date (RFC 9110 §10.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Nine digits are 31 years: longer ones are garbage, and Python refuses to read very long ones.
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?", re.ASCII)


def seconds(value: str | None, now: datetime | None) -> float | None:
    """Seconds to wait from `now` (aware), never negative; None without a readable header, or a date without `now`."""
    if value is None:
        return None
    value = value.strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    when = _http_date(value)
    return None if when is None or now is None else max(0.0, (when - now).total_seconds())


def _http_date(value: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # The asctime form carries no zone: HTTP dates are always UTC.
    return when if when.tzinfo else when.replace(tzinfo=UTC)

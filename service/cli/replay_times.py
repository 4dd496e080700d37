"""The times of a range, as people write them. Pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from zoneinfo import ZoneInfo

import typer


def moment(option: str, text: str | None, zones: Collection[ZoneInfo]) -> int | None:
    """Unix milliseconds of an ISO date or time; without an offset it is of the one zone. Raises `BadParameter`."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a time such as 2026-03-09 or 2026-03-09T14:00+01:00", param_hint=option
        ) from None
    if at.tzinfo is None:
        if len(zones) != 1:
            raise typer.BadParameter(
                "the tenants live in different time zones: say the offset, such as +01:00", param_hint=option
            )
        at = at.replace(tzinfo=next(iter(zones)))
    return round(at.timestamp() * 1000)

"""A part of the day, such as 22:00 to 06:00: pure."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)


def _clock(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError("must be a time of day such as 06:30")
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (LookupError, ValueError, OSError):
        raise ValueError("is not a time zone, such as Europe/Brussels") from None
    return text


ClockTime = Annotated[str, AfterValidator(_clock), Field(description="a time of day such as 06:30")]


class DayTimes(BaseModel):
    """From one time of day until before another; past midnight when the second is the earlier."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True)

    since: ClockTime = Field(alias="from", description="a time of day such as 22:00")
    until: ClockTime = Field(
        description="a time of day such as 06:00, itself not included; the next day's when it is the earlier one"
    )

    def holds(self, clock: str) -> bool:
        """`clock` as HH:MM."""
        if self.since <= self.until:
            return self.since <= clock < self.until
        return clock >= self.since or clock < self.until


class ZonedDayTimes(DayTimes):
    """The same, on the clocks of a zone."""

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default="Europe/Brussels", description="on the clocks of this zone"
    )

    def holds_at(self, moment: datetime) -> bool:
        """`moment` is aware."""
        return self.holds(f"{moment.astimezone(ZoneInfo(self.timezone)):%H:%M}")

"""Date and minutes to points in time, in the tenant's zone (protime-api §11.1).

Minutes are wall clock, counted from 00:00 of a date as a clock on the wall shows them; they are never elapsed minutes.
480 is 08:00 on every day of the year, also on the days with 23 and 25 hours. Two kinds of wall time need a rule:

* It does not exist (02:30 when clocks go from 02:00 to 03:00): moved forward by the gap, to 03:30, as RFC 5545 has it.
* It exists twice (02:30 when clocks go from 03:00 back to 02:00): work *starts* at the first and *ends* at the second.
  The interval is then the widest that the clock allows, so nobody is reported free who may still be at work.

An assignment over several days starts on `from` and ends on `until`, each with its own minutes. Without `until` it is
open-ended and has no end. An interval whose clock times are in order stays in order: 02:30 to 03:15 in the spring gap
would end before it starts, and is given no length instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from workers.changes.catalog import TimeFields
from workers.changes.fields import day_of, minutes_of


class Span(msgspec.Struct, frozen=True, gc=False):
    """The working time of a record on the wall clock: ordinal days and minutes, None where the record has none.

    `last` is None for open-ended work. `starts` and `ends` count minutes from day 0, so that two spans can be compared
    without knowing a zone: 22:00 and -120 on the next day are the same. A day without minutes counts from its 00:00.
    """

    first: int | None = None
    start: int | None = None
    last: int | None = None
    end: int | None = None
    starts: int | None = None
    ends: int | None = None


NO_SPAN = Span()


def read_span(body: dict[str, Any], fields: TimeFields | None) -> Span:
    """Read the working time of a record. Raises NormalizeError when a date or a number of minutes is none."""
    if fields is None:
        return NO_SPAN
    first, start = day_of(body, fields.day), minutes_of(body, fields.start)
    last = day_of(body, fields.last_day) if fields.last_day else first
    end = minutes_of(body, fields.end) if fields.end else None
    if fields.duration and start is not None:
        duration = minutes_of(body, fields.duration)
        end = None if duration is None else start + duration
    return Span(first, start, last, end, _absolute(first, start), _absolute(last, end))


def _absolute(day: int | None, minutes: int | None) -> int | None:
    return None if day is None else day * 1440 + (minutes or 0)


@lru_cache(maxsize=4096)  # the shifts of a roster begin and end at a few times
def moment(zone: ZoneInfo, day: int, minutes: int, *, late: bool = False) -> datetime:
    """Find the aware time at which clocks in `zone` show `minutes` after 00:00 of ordinal `day`.

    `late` chooses the second of two such times. The result always exists: converting it to UTC and back changes nothing.
    """
    wall = datetime.fromordinal(day) + timedelta(minutes=minutes)
    early = wall.replace(tzinfo=zone)
    folded = early.replace(fold=1)
    before, after = early.utcoffset(), folded.utcoffset()
    if before == after:
        return early
    if before is not None and after is not None and before < after:  # a gap (PEP 495)
        return early + (after - before)
    return folded if late else early


def bounds(span: Span, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Start and end as points in time, None where unknown."""
    start = end = None
    if span.first is not None and span.start is not None:
        start = moment(zone, span.first, span.start)
    if span.last is not None and span.end is not None:
        end = moment(zone, span.last, span.end, late=True)
    # Both have the same zone object, so Python compares what the clock shows, as wanted here.
    if start is not None and end is not None and end < start and _in_order(span):
        end = start
    return start, end


def _in_order(span: Span) -> bool:
    return span.starts is not None and span.ends is not None and span.starts <= span.ends

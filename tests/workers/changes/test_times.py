from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.changes import TenantView
from workers.changes.times import moment

BRUSSELS = ZoneInfo("Europe/Brussels")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)

CLOCK_CHANGES = [
    ("Europe/Brussels", SPRING),
    ("Europe/Brussels", AUTUMN),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),  # by half an hour
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Asia/Kolkata", date(2026, 3, 29)),  # half an hour off, never changes
    ("America/St_Johns", date(2026, 3, 8)),  # half an hour off, and changes
    ("Africa/Casablanca", date(2026, 2, 15)),  # goes back for Ramadan
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Asia/Beirut", date(2026, 3, 29)),  # changes at midnight
    ("Pacific/Apia", date(2011, 12, 30)),  # a day that never was
]


def at(day: date, minutes: int, *, late: bool = False) -> str:
    return moment(BRUSSELS, day.toordinal(), minutes, late=late).isoformat()


def clock(zone: ZoneInfo, day: date) -> dict[datetime, list[datetime]]:
    """What the clock on the wall shows, minute for minute of the days around `day`, and when it shows it."""
    seen: dict[datetime, list[datetime]] = {}
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=3)
    for minute in range(7 * 1440):
        instant = first + timedelta(minutes=minute)
        seen.setdefault(instant.astimezone(zone).replace(tzinfo=None), []).append(instant)
    return seen


@pytest.mark.parametrize(("name", "day"), CLOCK_CHANGES)
@pytest.mark.parametrize("late", [False, True])
def test_every_minute_around_a_clock_change_is_what_the_clock_shows(name: str, day: date, late: bool) -> None:
    zone = ZoneInfo(name)
    shown = clock(zone, day)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001  # a wall clock has no zone
    expected = shown[midnight - timedelta(days=1)][0]
    for minutes in range(-1440, 2881):
        wall = midnight + timedelta(minutes=minutes)
        if wall in shown:
            expected = shown[wall][-1 if late else 0]
        else:  # in a gap: as if the clock had not been changed
            expected += timedelta(minutes=1)
        got = moment(zone, day.toordinal(), minutes, late=late)
        assert got.astimezone(UTC) == expected
        assert datetime.fromisoformat(got.isoformat()).astimezone(UTC) == expected


@pytest.mark.parametrize(("name", "day"), CLOCK_CHANGES)
def test_later_on_the_clock_is_never_earlier_in_time_outside_the_gap(name: str, day: date) -> None:
    zone = ZoneInfo(name)
    shown = clock(zone, day)
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001
    walls = [minutes for minutes in range(-1440, 2881) if midnight + timedelta(minutes=minutes) in shown]
    for late in (False, True):
        instants = [moment(zone, day.toordinal(), minutes, late=late).timestamp() for minutes in walls]
        assert all(earlier < later for earlier, later in pairwise(instants))


@pytest.mark.rule("11.1-wall-clock")
def test_minutes_are_wall_clock_on_the_day_with_23_hours() -> None:
    assert at(SPRING, 180) == "2026-03-29T03:00:00+02:00"
    assert at(SPRING, 480) == "2026-03-29T08:00:00+02:00"
    assert at(SPRING, 60) == "2026-03-29T01:00:00+01:00"


@pytest.mark.rule("11.1-wall-clock")
def test_minutes_are_wall_clock_on_the_day_with_25_hours() -> None:
    assert at(AUTUMN, 480) == "2026-10-25T08:00:00+01:00"
    assert at(AUTUMN, 60) == "2026-10-25T01:00:00+02:00"


def test_a_time_that_does_not_exist_is_moved_forward_by_the_gap() -> None:
    assert at(SPRING, 150) == at(SPRING, 150, late=True) == "2026-03-29T03:30:00+02:00"
    assert at(SPRING, 120) == "2026-03-29T03:00:00+02:00"


def test_of_a_time_that_exists_twice_work_starts_at_the_first_and_ends_at_the_second() -> None:
    assert at(AUTUMN, 150) == "2026-10-25T02:30:00+02:00"
    assert at(AUTUMN, 150, late=True) == "2026-10-25T02:30:00+01:00"


@pytest.mark.rule("11.1-minutes")
def test_negative_minutes_are_the_day_before_and_2880_is_the_end_of_the_next_day() -> None:
    assert at(date(2026, 3, 10), -1440) == "2026-03-09T00:00:00+01:00"
    assert at(date(2026, 3, 10), -1) == "2026-03-09T23:59:00+01:00"
    assert at(date(2026, 3, 10), 1440) == "2026-03-11T00:00:00+01:00"
    assert at(date(2026, 3, 10), 2880) == "2026-03-12T00:00:00+01:00"


def times(event: dict[str, Any]) -> tuple[str | None, str | None]:
    return event["data"]["start"], event["data"]["end"]


def test_a_night_shift_over_a_clock_change_starts_and_ends_on_the_clock(render: Any, assignment: Any) -> None:
    night = {"startTimeInMinutes": 1320, "endTimeInMinutes": 1800}
    spring = assignment(from_="2026-03-28", until="2026-03-28", **night)
    autumn = assignment(from_="2026-10-24", until="2026-10-24", **night)
    assert times(render("assignments", spring)) == ("2026-03-28T22:00:00+01:00", "2026-03-29T06:00:00+02:00")
    assert times(render("assignments", autumn)) == ("2026-10-24T22:00:00+02:00", "2026-10-25T06:00:00+01:00")


def test_work_within_a_gap_does_not_end_before_it_starts(render: Any, assignment: Any) -> None:
    body = assignment(from_="2026-03-29", until="2026-03-29", startTimeInMinutes=150, endTimeInMinutes=195)
    assert times(render("assignments", body)) == ("2026-03-29T03:30:00+02:00", "2026-03-29T03:30:00+02:00")


@pytest.mark.rule("11.1-several-days")
def test_an_assignment_over_several_days_ends_on_the_last(render: Any, assignment: Any) -> None:
    body = assignment(from_="2026-03-27", until="2026-03-30")
    assert times(render("assignments", body)) == ("2026-03-27T08:00:00+01:00", "2026-03-30T17:00:00+02:00")


@pytest.mark.rule("11.1-several-days")
@pytest.mark.parametrize("until", [None, "9999-12-31"])
def test_an_open_ended_assignment_has_no_end(render: Any, assignment: Any, until: str | None) -> None:
    assert times(render("assignments", assignment(until=until))) == ("2026-03-10T08:00:00+01:00", None)


def test_without_minutes_there_is_no_start_and_no_end(render: Any, assignment: Any) -> None:
    body = assignment(startTimeInMinutes=None, endTimeInMinutes=None)
    assert times(render("assignments", body)) == (None, None)


@pytest.mark.rule("11.1-wall-clock")
@pytest.mark.parametrize("name", ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_times_are_in_the_zone_of_the_tenant(render: Any, assignment: Any, name: str) -> None:
    start, _ = times(render("assignments", assignment(), view=TenantView(ZoneInfo(name), 168)))
    assert start is not None
    assert start.startswith("2026-03-10T08:00:00")
    offset = {"America/New_York": "-04:00", "Asia/Kolkata": "+05:30", "Australia/Lord_Howe": "+11:00"}
    assert start.endswith(offset[name])


@pytest.mark.parametrize(
    ("collection", "body", "expected"),
    [
        ("access-clockings", {"timeOfDayInMinutes": 500}, ("2026-03-10T08:20:00+01:00", None)),
        (
            "absences",
            {"startTimeInMinutes": 480, "durationInMinutes": 240},
            ("2026-03-10T08:00:00+01:00", "2026-03-10T12:00:00+01:00"),
        ),
        ("absences", {"durationInMinutes": 456}, (None, None)),
        (
            "counters",
            {"startTimeInMinutes": 0, "endTimeInMinutes": 1},
            ("2026-03-10T00:00:00+01:00", "2026-03-10T00:01:00+01:00"),
        ),
        ("breaks", {"startTimeInMinutes": 700, "endTimeInMinutes": 800}, (None, None)),
        ("calculated-totals", {"normalTimeDurationInMinutes": 456}, (None, None)),
    ],
)
def test_each_collection_has_its_own_times(
    render: Any, collection: str, body: dict[str, Any], expected: tuple[str | None, str | None]
) -> None:
    assert times(render(collection, {"date": "2026-03-10", "person": {"id": 1}} | body)) == expected

"""Parts of the day, moves and expressions: the pure pieces of a filter."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from pydantic import ValidationError

from workers.events import Change, Event
from workers.sinks.day_times import DayTimes, ZonedDayTimes
from workers.sinks.expressions import holds
from workers.sinks.moves import FAR, farthest_move, only_moved


def part(since: str, until: str) -> DayTimes:
    return DayTimes.model_validate({"from": since, "until": until})


@pytest.mark.parametrize(
    ("since", "until", "clock", "expected"),
    [
        ("06:00", "22:00", "06:00", True),
        ("06:00", "22:00", "21:59", True),
        ("06:00", "22:00", "22:00", False),
        ("22:00", "06:00", "23:30", True),
        ("22:00", "06:00", "05:59", True),
        ("22:00", "06:00", "06:00", False),
    ],
)
def test_a_part_of_the_day_ends_before_its_second_time_and_may_pass_midnight(since, until, clock, expected):
    assert part(since, until).holds(clock) is expected


def test_a_zoned_part_follows_the_clocks_of_its_zone_over_their_change():
    summer = ZonedDayTimes.model_validate({"from": "08:00", "until": "09:00", "timezone": "Europe/Brussels"})
    assert summer.holds_at(datetime(2026, 7, 1, 6, 30, tzinfo=UTC))
    assert not summer.holds_at(datetime(2026, 1, 1, 6, 30, tzinfo=UTC))
    assert summer.holds_at(datetime(2026, 1, 1, 7, 30, tzinfo=UTC))


@pytest.mark.parametrize("wrong", ["6:00", "24:00", "06:60", "", "06:00:00"])
def test_a_time_of_day_has_two_digits_twice(wrong):
    with pytest.raises(ValidationError, match="06:30"):
        part(wrong, "08:00")


@pytest.mark.parametrize(
    ("changes", "minutes"),
    [
        ([Change("startTimeInMinutes", 480, 490)], 10),
        ([Change("startTimeInMinutes", 480, 470), Change("endTimeInMinutes", 1020, 1050)], 30),
        ([Change("from", "2026-03-10", "2026-03-11"), Change("startTimeInMinutes", 1320, -120)], 0),
        ([Change("until", "2026-03-10", "2026-03-11")], 1440),
        ([Change("date", "2026-03-10", "2026-03-10T00:00:00"), Change("timeOfDayInMinutes", 500, 485)], 15),
        ([Change("endTimeInMinutes", None, 1020)], FAR),
        ([Change("from", None, "2026-03-10")], FAR),
        ([Change("comments", "a", "b")], 0),
        ([], 0),
    ],
)
def test_a_move_is_that_of_the_end_that_moved_further(changes, minutes):
    assert farthest_move(changes) == minutes


def test_a_move_alone_changes_nothing_but_times():
    assert only_moved([Change("startTimeInMinutes", 1, 2)])
    assert not only_moved([Change("startTimeInMinutes", 1, 2), Change("comments", "a", "b")])
    assert not only_moved([])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("data.change == 'updated'", True),
        ("data.resource.comments", False),
        ("contains(data.meaning, 'cancelled')", False),
        ("data.notice.minutes < `2000` && data.person.id == `1`", True),
        ("data.notice.minutes", True),
        ("`0`", True),
        ("length(data.person)", True),
    ],
)
def test_an_expression_holds_as_jmespath_has_it(expression, expected):
    event = {
        "data": {
            "change": "updated",
            "meaning": ["rescheduled"],
            "notice": {"minutes": 0},
            "person": {"id": 1},
            "resource": {},
        }
    }
    assert holds(expression, Event(msgspec.json.encode(event))) is expected


def test_an_expression_that_fails_on_an_event_lets_it_through():
    assert holds("abs(data.change)", Event(b'{"data": {"change": "updated"}}'))

"""Which days are asked for, seen over the turn of a year."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from workers.reading import TenantReading

LAST_DAY, NEW_YEAR = date(2026, 12, 31), date(2027, 1, 1)


class Calendar:
    day = LAST_DAY


def reading(since: date, calendar: Calendar, *, deltas: frozenset[str]) -> TenantReading:
    nobody: Any = None  # no day is asked of the client
    return TenantReading(nobody, lambda: calendar.day, {"assignments": since}, {}, deltas)


@pytest.mark.rule("6.3-earliest")
@pytest.mark.parametrize("since", [date(2025, 1, 1), date(2025, 7, 1), date.min])
def test_at_new_year_a_delta_begins_at_the_earliest_day_there_is_left(since: date) -> None:
    calendar = Calendar()
    kept = reading(since, calendar, deltas=frozenset({"assignments"}))
    assert kept.delta_window("assignments") == f"date ge '{max(since, date(2025, 1, 1))}'"
    calendar.day = NEW_YEAR
    assert kept.delta_window("assignments") == "date ge '2026-01-01'"


def test_a_list_begins_where_its_delta_does() -> None:
    calendar = Calendar()
    kept = reading(date(2025, 7, 1), calendar, deltas=frozenset({"assignments"}))
    assert kept.first_day("assignments") == date(2025, 7, 1)
    calendar.day = NEW_YEAR
    assert kept.first_day("assignments") == date(2026, 1, 1)
    assert kept.window("assignments") == kept.delta_window("assignments")


def test_the_turn_of_the_year_alone_does_not_make_a_delta_anew() -> None:
    calendar = Calendar()
    kept = reading(date(2025, 7, 1), calendar, deltas=frozenset({"assignments"}))
    before = kept.asks("assignments")
    calendar.day = NEW_YEAR
    assert kept.asks("assignments") == before


def test_without_a_delta_a_list_begins_where_it_was_told_to() -> None:
    calendar = Calendar()
    calendar.day = NEW_YEAR
    assert reading(date(2020, 1, 1), calendar, deltas=frozenset()).first_day("assignments") == date(
        2020, 1, 1
    )

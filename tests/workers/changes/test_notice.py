from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.changes import TenantView

START = datetime(2026, 3, 10, 8, tzinfo=ZoneInfo("Europe/Brussels")).astimezone(UTC)


def notice(event: dict[str, Any]) -> Any:
    return event["data"]["notice"]


def test_notice_is_the_time_from_the_change_to_the_start(render: Any, assignment: Any) -> None:
    learned_at = START - timedelta(days=10)
    assert notice(render("assignments", assignment(), learned_at=learned_at)) == {
        "minutes": 14400,
        "short": False,
    }


@pytest.mark.parametrize(
    ("before", "minutes", "short"),
    [
        (timedelta(hours=168), 10080, False),
        (timedelta(hours=168) - timedelta(milliseconds=1), 10079, True),
        (timedelta(seconds=59), 0, True),
        (timedelta(0), 0, True),
        (-timedelta(seconds=1), -1, True),
        (-timedelta(hours=3), -180, True),
    ],
)
def test_minutes_are_rounded_down_and_short_below_the_threshold(
    render: Any, assignment: Any, before: timedelta, minutes: int, short: bool
) -> None:
    event = render("assignments", assignment(), learned_at=START - before)
    assert notice(event) == {"minutes": minutes, "short": short}


@pytest.mark.parametrize("moved_to", [540, 420])
def test_a_moved_shift_counts_to_the_earlier_of_old_and_new_start(
    render: Any, assignment: Any, moved_to: int
) -> None:
    event = render(
        "assignments",
        assignment(startTimeInMinutes=moved_to),
        assignment(),
        learned_at=START - timedelta(hours=24),
    )
    assert notice(event)["minutes"] == 1440 + min(0, moved_to - 480)


def test_a_cancelled_shift_counts_to_the_start_it_had(render: Any, assignment: Any) -> None:
    event = render("assignments", None, assignment(), learned_at=START - timedelta(hours=1))
    assert notice(event) == {"minutes": 60, "short": True}


def test_a_shift_that_lost_its_start_counts_to_the_one_it_had(render: Any, assignment: Any) -> None:
    body = assignment(startTimeInMinutes=None)
    assert notice(render("assignments", body, assignment(), learned_at=START))["minutes"] == 0


def test_notice_is_elapsed_time_over_a_clock_change(render: Any, assignment: Any) -> None:
    body = assignment(from_="2026-03-29", until="2026-03-29")
    learned_at = datetime(2026, 3, 28, 8, tzinfo=ZoneInfo("Europe/Brussels"))
    assert notice(render("assignments", body, learned_at=learned_at))["minutes"] == 23 * 60


def test_the_threshold_is_the_tenants(render: Any, assignment: Any) -> None:
    view = TenantView(ZoneInfo("Europe/Brussels"), short_notice_hours=24)
    event = render("assignments", assignment(), view=view, learned_at=START - timedelta(hours=25))
    assert notice(event) == {"minutes": 1500, "short": False}


def test_there_is_no_notice_without_a_start_and_outside_assignments(
    render: Any, assignment: Any, clocking: Any
) -> None:
    assert notice(render("assignments", assignment(startTimeInMinutes=None))) is None
    assert notice(render("assignments")) is None
    assert notice(render("clockings", clocking())) is None

"""A configuration that nobody touched goes on over New Year, when deltas begin a year later."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from workers.config import Config, cautions, parse

ASSIGNMENTS = "tenants.acme.collections.assignments"
#: In Brussels the year has begun at this moment; in London it has not.
MIDNIGHT = dt.datetime(2026, 12, 31, 23, 0, tzinfo=dt.UTC)
BEFORE = MIDNIGHT - dt.timedelta(seconds=1)


def at(case: Any, moment: dt.datetime) -> tuple[Config, list[str]]:
    """What a process that starts at this moment reads, and what it warns of."""
    config = parse(case.data, today=moment.date())
    return config, cautions(config, moment)


@pytest.mark.rule("6.3-earliest")
def test_a_since_that_was_good_last_year_is_a_warning_from_new_year_on(case):
    case.set(f"{ASSIGNMENTS}.since", "2025-01-01")
    assert at(case, BEFORE)[1] == []
    assert at(case, MIDNIGHT)[1] == [
        f"{ASSIGNMENTS}.since: deltas no longer begin on 2025-01-01: 2026-01-01 is used. Write it, or a later day."
    ]
    assert at(case, MIDNIGHT + dt.timedelta(days=366))[0] == at(case, BEFORE)[0]


def test_the_year_of_a_tenant_begins_in_its_own_time_zone(case):
    case.set(f"{ASSIGNMENTS}.since", "2025-06-01").set("tenants.acme.timezone", "Europe/London")
    assert at(case, MIDNIGHT)[1] == []
    assert at(case, MIDNIGHT + dt.timedelta(hours=1))[1]


@pytest.mark.parametrize("since", ["2026-01-01", "2026-12-31"])
def test_a_since_that_is_good_still_is_no_warning(case, since):
    assert at(case.set(f"{ASSIGNMENTS}.since", since), MIDNIGHT)[1] == []


def test_what_keeps_no_delta_may_begin_at_any_day_without_a_word(case):
    case.set(ASSIGNMENTS, {"fetch": "resource", "since": "2020-01-01"})
    case.set("tenants.acme.collections.people", {"since": "2020-01-01"})
    assert at(case, MIDNIGHT)[1] == []

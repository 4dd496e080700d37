from __future__ import annotations

from datetime import date, timedelta

import pytest

from workers.protime import FilterError, Invalid
from workers.protime.collections import COLLECTIONS
from workers.protime.filter_rules import check, check_delta, earliest_delta_start
from workers.protime.filter_syntax import parse

TODAY = date(2026, 3, 9)
JANUARY = "date ge '2026-01-01'"


@pytest.mark.rule(
    "3.2-kebab", "3.3-open-range", "3.3-no-cap", "3.3-person", "3.3-kind", "3.3-counters", "3.3-people"
)
@pytest.mark.parametrize(
    ("collection", "text"),
    [
        ("assignments", JANUARY),
        ("assignments", "date ge '2020-01-01' and date le '2026-01-01'"),
        ("clockings", "date ge '2024-01-01' and date le '2025-01-01'"),
        ("clockings", "date ge '2020-01-01'"),
        ("clockings", "date eq '2026-02-28' and kind in ('InOut','Reason')"),
        ("clockings", f"{JANUARY} and (kind eq 'InOut' or person in circle (2))"),
        ("counters", f"{JANUARY} and counter-definition in (1,2) and status eq 'Auto'"),
        ("people", "person in org-group (1,2)"),
        ("contracts", "person eq 1 or person eq 2"),
        ("webhooks", "status eq 'Disabled' and collection-name eq 'clockings'"),
        ("something-new", "whatever eq 1"),
    ],
)
def test_what_protime_takes_passes(collection: str, text: str) -> None:
    check(collection, parse(text))


@pytest.mark.rule("3.1-unknown-field", "3.2-dates", "3.2-or", "3.3-year", "3.3-definitions")
@pytest.mark.parametrize(
    ("collection", "text", "why"),
    [
        ("assignments", "person eq 1", "date is required"),
        ("assignments", f"{JANUARY} and kind eq 'InOut'", "cannot be filtered by kind"),
        ("shift-definitions", "person eq 1", "cannot be filtered by person"),
        ("assignments", f"{JANUARY} or person eq 1", "date is a Range field"),
        (
            "assignments",
            f"(person eq 1 and {JANUARY}) or (person eq 2 and {JANUARY})",
            "date is a Range field",
        ),
        ("webhooks", "status eq 'Enabled' or status eq 'Disabled'", "status is a Single field"),
        ("webhooks", "status in ('Enabled','Disabled')", "takes eq, not in"),
        ("assignments", "date in ('2026-01-01')", "takes eq or ge or le, not in"),
        ("assignments", f"{JANUARY} and person ge 5", "takes eq or in, not ge"),
        ("assignments", "date ge '2026-02-30'", "expected a date"),
        ("assignments", "date ge '20260101'", "expected a date"),
        ("assignments", "date ge 20260101", "expected a date"),
        ("assignments", f"{JANUARY} and person eq '1'", "expected an integer"),
        ("assignments", f"{JANUARY} and person eq true", "expected an integer"),
        ("clockings", f"{JANUARY} and kind eq 1", "expected a text"),
        ("clockings", "date ge '2024-01-01' and date le '2025-01-02'", "longer than a year"),
    ],
)
def test_what_protime_refuses_is_refused_before_it_is_sent(collection: str, text: str, why: str) -> None:
    with pytest.raises(FilterError, match=why) as caught:
        check(collection, parse(text))
    assert isinstance(caught.value, Invalid)
    assert caught.value.status is None


@pytest.mark.rule("3.1-required", "3.3-date-required")
@pytest.mark.parametrize("collection", [name for name, known in COLLECTIONS.items() if known.dated])
def test_a_dated_collection_is_never_read_without_a_date(collection: str) -> None:
    with pytest.raises(FilterError, match="date is required"):
        check(collection, None)


@pytest.mark.parametrize(
    ("text", "today"),
    [
        (JANUARY, TODAY),
        ("date ge '2025-01-01'", TODAY),
        ("date ge '2026-03-09'", TODAY),
        ("date ge '2026-01-01' and date le '2027-01-01'", TODAY),
        ("date ge '2001-01-01'", None),
    ],
)
def test_a_delta_may_start_from_the_first_day_of_last_year_on(text: str, today: date | None) -> None:
    check_delta("assignments", parse(text), today)


@pytest.mark.rule("6.3-date", "6.3-year", "6.3-undated", "6.5-collections")
@pytest.mark.parametrize(
    ("collection", "text", "why"),
    [
        ("assignments", None, "date is required"),
        ("assignments", "date le '2026-01-01'", "needs a start"),
        ("assignments", "date ge '2024-12-31'", "2025-01-01 at the earliest"),
        ("assignments", "date ge '2026-03-10'", "in the past"),
        ("assignments", "date ge '2026-01-01' and date le '2027-01-03'", "longer than a year"),
        ("assignments", f"person in (1,2) and {JANUARY}", "takes only date, not person"),
        ("clockings", f"{JANUARY} and kind eq 'InOut'", "takes only date, not kind"),
        ("people", "person eq 1", "takes no filter, not person"),
        ("department-histories", None, "has no delta"),
        ("webhooks", None, "has no delta"),
    ],
)
def test_a_delta_takes_a_window_of_dates_and_nothing_else(
    collection: str, text: str | None, why: str
) -> None:
    with pytest.raises(FilterError, match=why):
        check_delta(collection, parse(text) if text else None, TODAY)


@pytest.mark.rule("6.3-earliest")
def test_the_earliest_start_of_a_delta_is_the_first_of_january_of_last_year() -> None:
    assert earliest_delta_start(date(2026, 1, 1)) == date(2025, 1, 1)
    assert earliest_delta_start(date(2026, 1, 1) - timedelta(days=1)) == date(2024, 1, 1)


@pytest.mark.rule("6.3-undated")
def test_a_definition_has_a_delta_without_a_filter() -> None:
    check_delta("shift-definitions", None, TODAY)

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import retry_after

NOW = datetime(2026, 3, 9, 12, 0, 0, tzinfo=UTC)


@pytest.mark.rule("1.4-retry-after")
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("60", 60.0),
        (" 60 ", 60.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Mon, 09 Mar 2026 12:01:30 GMT", 90.0),
        ("Monday, 09-Mar-26 12:01:30 GMT", 90.0),
        ("Mon Mar  9 12:01:30 2026", 90.0),
        ("Mon, 09 Mar 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("-5", None),
        ("soon", None),
        ("٦٠", None),
        ("9" * 5000, None),
    ],
)
def test_retry_after_is_seconds_or_an_http_date_and_never_negative(
    value: str | None, expected: float | None
) -> None:
    assert retry_after.seconds(value, NOW) == expected


def test_a_date_without_a_clock_says_nothing() -> None:
    assert retry_after.seconds("Mon, 09 Mar 2026 12:01:30 GMT", None) is None


@given(st.text())
def test_no_text_breaks_the_parser(value: str) -> None:
    found = retry_after.seconds(value, NOW)
    assert found is None or found >= 0

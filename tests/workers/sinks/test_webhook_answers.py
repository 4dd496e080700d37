from __future__ import annotations

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sinks.guarded_transport import AddressRefused
from workers.sinks.webhook_answers import failure_of, retry_after_seconds, verdict

PERMANENT, EVENT, SINK = ("event", True), ("event", False), ("sink", False)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status):
    assert verdict(status) is None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((status, PERMANENT) for status in (400, 413, 416, 418, 422, 499)),
        *((status, EVENT) for status in (409, 423, 424, 500, 506, 508, 520, 599)),
        *((status, SINK) for status in (408, 425, 429, 502, 503, 504, 507, 522, 529)),
        *((status, SINK) for status in (401, 402, 403, 404, 405, 406, 407, 415, 421, 431, 501)),
        *((status, SINK) for status in (101, 300, 301, 302, 304, 307, 308)),
        (410, SINK),
    ],
)
def test_a_status_says_who_failed_and_whether_to_try_again(status, expected):
    failure = verdict(status)
    assert (failure.scope, failure.permanent) == expected
    assert str(status) in failure.reason


@given(status=st.integers(100, 999), after=st.none() | st.floats(0, 1e6), text=st.text(max_size=20))
def test_a_receiver_that_is_away_never_costs_an_event_its_life(status, after, text):
    failure = verdict(status, retry_after=after, text=text)
    assert (failure is None) == (200 <= status < 300)
    assert failure is None or not (failure.permanent and failure.scope == "sink")


def test_a_413_with_retry_after_is_temporary():
    failure = verdict(413, retry_after=5)
    assert (failure.permanent, failure.retry_after, failure.scope) == (False, 5, "event")


def test_the_reason_holds_the_beginning_of_the_answer():
    assert verdict(422, text="start missing").reason == "HTTP 422: start missing"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 09 Mar 2026 14:05:00 GMT", 60),
        ("Monday, 09-Mar-26 14:05:00 GMT", 60),
        ("Mon Mar  9 14:05:00 2026", 60),
        ("Mon, 09 Mar 2026 14:00:00 GMT", 0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("9" * 400, 999999999999),
        ("Mon, 99 Mar 2026 14:05:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(value, seconds):
    now = 1773065040.0  # 2026-03-09T14:04:00Z
    assert retry_after_seconds({"retry-after": value}, now) == seconds


@given(value=st.text())
def test_no_retry_after_is_too_odd(value):
    seconds = retry_after_seconds({"retry-after": value}, 0.0)
    assert seconds is None or seconds >= 0


def test_no_header_asks_for_nothing():
    assert retry_after_seconds({}, 0.0) is None


@pytest.mark.parametrize(
    ("error", "scope", "told"),
    [
        (httpx.ConnectError("refused"), "sink", "no connection (ConnectError: refused)"),
        (httpx.ConnectTimeout(""), "sink", "no connection in time"),
        (httpx.PoolTimeout(""), "sink", "no answer within 15 s"),
        (httpx.ReadTimeout(""), "sink", "no answer within 15 s"),
        (TimeoutError(), "sink", "no answer within 15 s"),
        (OSError(-2, "Name or service not known"), "sink", "no connection"),
        (AddressRefused("refused to connect: x is 10.0.0.1 (private)"), "sink", "allow_private_addresses"),
        (httpx.RemoteProtocolError("no answer"), "event", "broke before an answer"),
        (httpx.ReadError(""), "event", "broke before an answer (ReadError)"),
        (httpx.WriteError(""), "event", "broke before an answer (WriteError)"),
    ],
)
def test_an_exchange_that_fails_is_always_tried_again(error, scope, told):
    failure = failure_of(error, seconds=15, text=str(error))
    assert (failure.scope, failure.permanent) == (scope, False)
    assert told in failure.reason

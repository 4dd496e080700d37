"""Which records are left alone when Protime fails to show one, and for how long."""

from __future__ import annotations

import pytest

from workers.pauses import Pauses
from workers.protime import Invalid, ProtimeError, RateLimited, Transient


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def resting(pauses: Pauses, *records: str) -> list[bool]:
    return [pauses.rests("acme", record) for record in records]


def rest_of(pauses: Pauses, time: Time, record: str) -> float:
    """Seconds until it is asked for again."""
    begun, time.now = time.now, time.now
    while pauses.rests("acme", record):
        time.now += 0.5
    waited, time.now = time.now - begun, begun
    return waited


@pytest.mark.parametrize("error", [Transient("HTTP 500", status=500), Invalid("HTTP 400", status=400)])
def test_a_record_that_fails_is_left_alone_and_no_other(error: ProtimeError) -> None:
    pauses = Pauses(Time())
    pauses.failed("acme", "assignments/1", error)
    assert resting(pauses, "assignments/1", "assignments/2") == [True, False]


def test_a_record_that_fails_again_and_again_is_asked_for_more_and_more_rarely() -> None:
    time = Time()
    pauses, waits = Pauses(time), []
    for _ in range(8):
        pauses.failed("acme", "assignments/1", Transient(status=500))
        waits.append(rest_of(pauses, time, "assignments/1"))
        time.now += waits[-1]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    pauses.answered("acme", "assignments/1")
    pauses.failed("acme", "assignments/1", Transient(status=500))
    assert rest_of(pauses, time, "assignments/1") == 1


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (RateLimited(status=429), 1),
        (RateLimited(status=429, retry_after=5.0), 5),
        (Transient(status=503, retry_after=7.0), 7),
        (Transient("no answer"), 1),
        (Transient("no token", status=500, method="POST"), 1),
    ],
)
def test_the_tenant_is_left_alone_when_protime_asks_for_it_or_cannot_be_reached(
    error: ProtimeError, seconds: float
) -> None:
    time = Time()
    pauses = Pauses(time)
    pauses.failed("acme", "assignments/1", error)
    assert rest_of(pauses, time, "assignments/2") == seconds
    assert not pauses.rests("other", "assignments/2")


def test_nobody_is_silent_for_longer_than_an_hour() -> None:
    time = Time()
    pauses = Pauses(time)
    pauses.failed("acme", "assignments/1", Transient(status=503, retry_after=999_999_999.0))
    assert rest_of(pauses, time, "assignments/2") == 3600


def test_many_records_that_fail_in_a_row_are_an_outage_until_one_is_answered() -> None:
    time = Time()
    pauses = Pauses(time)
    for number in range(8):
        assert not pauses.rests("acme", "assignments/new")
        pauses.failed("acme", f"assignments/{number}", Transient(status=500))
    assert rest_of(pauses, time, "assignments/new") == 1
    time.now += 1
    pauses.failed("acme", "assignments/0", Transient(status=500))
    assert pauses.rests("acme", "assignments/new")
    time.now += 1
    pauses.answered("acme", "assignments/new")
    pauses.failed("acme", "assignments/1", Transient(status=500))
    assert not pauses.rests("acme", "assignments/new")


def test_records_that_fail_between_others_that_are_answered_are_no_outage() -> None:
    pauses = Pauses(Time())
    for number in range(100):
        pauses.failed("acme", f"assignments/{number}", Transient(status=500))
        pauses.answered("acme", "assignments/good")
    assert not pauses.rests("acme", "assignments/good")

"""Days and times as people write them: whatever it is, it is understood or refused in words."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from workers.imports.cells import READERS, minutes
from workers.replay.times import NotATime, moment

BRUSSELS = ZoneInfo("Europe/Brussels")
likely = st.from_regex(r"\A[-+]?[0-9]{1,4}[-:T.Z+0-9]{0,24}\Z")
numbers = st.text("\u0663\u0967\u00b2\u21671", min_size=1, max_size=3)


@given(st.text() | likely, st.sampled_from([(BRUSSELS,), (BRUSSELS, ZoneInfo("Asia/Tokyo")), ()]))
def test_any_text_is_a_time_or_refused(text: str, zones: tuple[ZoneInfo, ...]) -> None:
    with contextlib.suppress(NotATime):
        assert isinstance(moment(text, zones), int)


@given(st.datetimes(timezones=st.timezones()).map(lambda at: at.replace(microsecond=0)))
def test_a_time_with_its_offset_needs_no_zone(at: datetime) -> None:
    with contextlib.suppress(NotATime):  # offsets of seconds, as before 1900, are not ISO 8601
        assert moment(at.isoformat(), ()) == round(at.timestamp() * 1000)


@given(st.datetimes().map(lambda at: at.replace(microsecond=0)))
def test_a_time_without_an_offset_is_of_the_one_zone(at: datetime) -> None:
    assert moment(at.isoformat(), [ZoneInfo("UTC")]) == at.replace(tzinfo=UTC).timestamp() * 1000


@given(st.integers(0, 99), st.integers(0, 59), st.sampled_from(["", "+", "-"]))
def test_a_time_of_a_day_is_minutes(hours: int, rest: int, sign: str) -> None:
    total = hours * 60 + rest
    assert minutes(f" {sign}{hours:02}:{rest:02} ") == (-total if sign == "-" else total)


@given(st.text() | likely | numbers, st.sampled_from(sorted(READERS)))
def test_a_cell_is_a_value_of_its_kind_or_stays_as_it_is(text: str, kind: str) -> None:
    found = READERS[kind](text)  # type: ignore[index]
    assert text.strip().isascii() if isinstance(found, int | float) else found == text

"""The cursor comes back from anybody: whatever it holds, it is a position of the log or refused."""

from __future__ import annotations

import contextlib
from base64 import urlsafe_b64encode
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from workers.store.keys import Partition
from workers.store.position import BEGINNING, NotACursor, Position

names = st.from_regex(r"\A[a-z][a-z0-9-]{0,20}\Z")
positions = st.dictionaries(names, st.lists(st.integers(0, 2**53), max_size=64), max_size=5)


def numbers(position: Position, like: dict[str, list[int]]) -> dict[str, list[int]]:
    return {t: [position.of(Partition(t, n)) for n in range(len(found))] for t, found in like.items()}


def parsed(text: str) -> Position | None:
    try:
        return Position.parse(text)
    except NotACursor:
        return None


@given(positions)
def test_a_cursor_says_where_it_was_taken(where: dict[str, list[int]]) -> None:
    cursor = Position(where).cursor()
    again = Position.parse(cursor)
    assert numbers(again, where) == where
    assert again.cursor() == cursor


@given(st.text())
def test_any_text_is_a_cursor_or_refused(text: str) -> None:
    assert text == BEGINNING or parsed(text) is None


@given(st.binary(max_size=60))
def test_any_base64_is_a_cursor_or_refused(raw: bytes) -> None:
    with contextlib.suppress(NotACursor):
        Position.parse(urlsafe_b64encode(raw).rstrip(b"=").decode())


@given(positions.filter(bool), st.data())
def test_a_cursor_with_another_sign_in_it_is_refused(where: dict[str, list[int]], data: Any) -> None:
    cursor = Position(where).cursor()
    at = data.draw(st.integers(0, len(cursor) - 1))
    sign = data.draw(st.characters().filter(lambda sign: sign != cursor[at]))
    assert parsed(cursor[:at] + sign + cursor[at + 1 :]) is None


@given(positions, names, st.integers(0, 63), st.integers(0, 2**53))
def test_moving_one_partition_moves_no_other(
    where: dict[str, list[int]], tenant: str, partition: int, number: int
) -> None:
    position = Position(where).copy()
    position.move(Partition(tenant, partition), number)
    assert position.of(Partition(tenant, partition)) == number
    expected = {t: list(found) for t, found in where.items()}
    if partition < len(expected.get(tenant, [])):
        expected[tenant][partition] = number
    assert numbers(position, where) == expected

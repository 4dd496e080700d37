from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.protime import FilterError, date_window, field
from workers.protime.filter_parts import halves, split
from workers.protime.filter_syntax import parse
from workers.protime.filters import KEYWORDS, And, Condition, Expression, Or
from workers.protime.links import value

START, END = date(2025, 1, 1), date(2025, 1, 31)
WINDOW = field("date").between(START, END)


@pytest.mark.rule("3.2-operators", "3.2-texts", "3.2-booleans", "3.2-named-sets", "3.2-quote")
@pytest.mark.parametrize(
    ("built", "text"),
    [
        (WINDOW, "date ge '2025-01-01' and date le '2025-01-31'"),
        (field("date").between(START), "date ge '2025-01-01'"),
        (
            field("person").is_in(1, 2, 3) & WINDOW,
            "person in (1,2,3) and date ge '2025-01-01' and date le '2025-01-31'",
        ),
        (
            field("person").in_set("org-group", 200, 201) & WINDOW,
            "person in org-group (200,201) and date ge '2025-01-01' and date le '2025-01-31'",
        ),
        (field("kind").eq("Activity"), "kind eq 'Activity'"),
        (field("name").eq("l'heure d'été"), "name eq 'l''heure d''été'"),
        (field("locked").eq(True), "locked eq true"),
        (field("locked").eq(False), "locked eq false"),
        (field("n").eq(-5), "n eq -5"),
        (
            (field("a").eq(1) | field("b").eq(2)) & field("c").eq(3),
            "(a eq 1 or b eq 2) and c eq 3",
        ),
        (field("a").eq(1) & field("b").eq(2) | field("c").eq(3), "a eq 1 and b eq 2 or c eq 3"),
    ],
)
def test_a_filter_is_written_in_protimes_grammar(built: Expression, text: str) -> None:
    assert str(built) == text
    assert parse(text) == built


@pytest.mark.rule("3.2-integers", "3.2-blank-before-set")
@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("person in (1, 2 ,3)", "person in (1,2,3)"),
        ("person in circle(2, 8)", "person in circle (2,8)"),
        ("  ((a eq 1))  ", "a eq 1"),
        ("a eq 1 and (b eq 2 and c eq 3)", "a eq 1 and b eq 2 and c eq 3"),
        ("a eq ''", "a eq ''"),
    ],
)
def test_what_people_write_is_understood(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical


@pytest.mark.rule("3.1-malformed", "3.2-operators", "3.2-case")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "person",
        "person eq",
        "person ne 1",
        "person gt 1",
        "person EQ 1",
        "person in 1",
        "person in ()",
        "person in (1,)",
        "person in eq (1)",
        "and eq 1",
        "a eq 1 AND b eq 2",
        "a eq 1 b eq 2",
        "(a eq 1",
        "a eq 1)",
        "a eq 'open",
        "a eq 1x",
        "not a eq 1",
        "a eq b",
        "contains(a,'x')",
        "(" * 1000 + "a eq 1",
        "a eq '1' # no",
    ],
)
def test_what_is_not_in_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


@pytest.mark.parametrize("name", ["", "and", "in", "person id", "x'", "1a", "a(b)"])
def test_a_name_cannot_smuggle_grammar(name: str) -> None:
    with pytest.raises(FilterError):
        field(name).eq(1)
    with pytest.raises(FilterError):
        field("person").in_set(name or "-", 1)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(FilterError, match="empty"):
        field("person").is_in()


NAMES = st.from_regex(r"\A[a-z][a-z0-9-]{0,8}\Z").filter(lambda name: name not in KEYWORDS)
CONSTANTS = st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=12)
CONDITIONS = st.builds(
    Condition, NAMES, st.sampled_from(("eq", "ge", "le")), st.tuples(CONSTANTS)
) | st.builds(
    Condition, NAMES, st.just("in"), st.lists(CONSTANTS, min_size=1, max_size=4).map(tuple), st.none() | NAMES
)
EXPRESSIONS = st.recursive(
    CONDITIONS,
    lambda inner: (
        st.tuples(inner, inner).map(lambda two: two[0] & two[1])
        | st.tuples(inner, inner).map(lambda two: two[0] | two[1])
    ),
    max_leaves=8,
)


@pytest.mark.rule("3.2-binding")
@given(EXPRESSIONS)
def test_what_is_written_reads_back_as_the_same(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    with contextlib.suppress(FilterError):
        assert isinstance(parse(text), Expression)


@pytest.mark.rule("3.2-dates")
def test_a_date_window_is_ready_text() -> None:
    assert date_window(START) == "date ge '2025-01-01'"
    assert date_window(START, END) == str(WINDOW)


def test_a_short_filter_is_not_split() -> None:
    where = field("person").is_in(1, 2) & WINDOW
    assert split(where, 3000) == [where]


def test_a_long_list_of_people_is_split_and_the_rest_repeated() -> None:
    people = [*range(100_000, 101_000), 100_000]
    parts = split(field("person").is_in(*people) & WINDOW, 2000)
    assert len(parts) == 4
    assert all(len(value(str(part))) <= 2000 for part in parts)
    assert all(str(part).endswith(str(WINDOW)) for part in parts)
    asked = [number for part in parts for number in _people(part)]
    assert asked == list(range(100_000, 101_000))


def test_a_list_alone_is_split_too() -> None:
    parts = split(field("person").is_in(*range(1000)), 500)
    assert {type(part) for part in parts} == {Condition}
    assert [number for part in parts for number in _people(part)] == list(range(1000))


def test_a_filter_without_a_list_stays_whole() -> None:
    either = Or(tuple(field("person").eq(number) for number in range(500)))
    assert split(either & WINDOW, 100) == [either & WINDOW]


def test_a_value_without_room_is_refused() -> None:
    with pytest.raises(FilterError, match="too long"):
        split(field("kind").is_in("x" * 200, "y") & WINDOW, 150)


@pytest.mark.rule("3.5-split")
@given(st.lists(st.integers(0, 10**9), min_size=1), st.integers(120, 400))
def test_no_part_is_longer_than_the_room_and_no_person_is_lost(people: list[int], room: int) -> None:
    parts = split(field("person").is_in(*people) & WINDOW, room)
    assert all(len(value(str(part))) <= room for part in parts)
    assert list(dict.fromkeys(n for part in parts for n in _people(part))) == list(dict.fromkeys(people))


@given(st.lists(st.integers(0, 10**9), min_size=2, unique=True))
def test_halves_together_mean_the_whole(people: list[int]) -> None:
    one, other = halves(WINDOW & field("person").is_in(*people))
    assert [*_people(one), *_people(other)] == people
    assert str(one).startswith(str(WINDOW))


@pytest.mark.parametrize(
    "where",
    [WINDOW, field("person").is_in(7), field("person").is_in(7, 7) & WINDOW, field("kind").eq("InOut")],
)
def test_what_has_no_list_of_several_has_no_halves(where: Expression) -> None:
    assert halves(where) == []


def _people(part: Expression) -> list[int]:
    parts = part.parts if isinstance(part, And) else (part,)
    condition = next(one for one in parts if isinstance(one, Condition) and one.op == "in")
    assert isinstance(condition, Condition)
    return [int(number) for number in condition.values]

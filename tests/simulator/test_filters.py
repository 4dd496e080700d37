from __future__ import annotations

import pytest

from simulator.collections.table import TABLE
from simulator.conditions import compile_filter
from simulator.filters import And, Condition, FilterError, Or, parse

RECORD = {"id": 1, "person": {"id": 2}, "date": "2026-03-10", "kind": "InOut"}


def matches(text: str, record: object = RECORD, collection: str = "clockings") -> bool:
    members = {"circle": frozenset({2}), "org-group": frozenset({7}), "org-tree": frozenset({7})}
    query = compile_filter(text, TABLE[collection].filters, lambda name, _numbers: members[name], 366)
    return query.matches(record)  # type: ignore[arg-type]


@pytest.mark.rule("3.2-binding")
def test_and_binds_tighter_than_or() -> None:
    node = parse("a eq 1 or b eq 2 and c eq 3")
    assert node == Or(
        (Condition("a", "eq", (1,)), And((Condition("b", "eq", (2,)), Condition("c", "eq", (3,)))))
    )


@pytest.mark.rule("3.2-binding")
def test_parentheses_change_the_binding() -> None:
    node = parse("(a eq 1 or b eq 2) and c eq 3")
    assert isinstance(node, And)


@pytest.mark.rule("3.2-quote")
def test_a_quote_inside_a_string_is_doubled() -> None:
    assert parse("a eq 'it''s'") == Condition("a", "eq", ("it's",))


@pytest.mark.rule("3.2-integers", "3.2-blank-before-set")
@pytest.mark.parametrize("text", ["person in circle(2, 8)", "person in circle (2,8)"])
def test_a_named_set_may_have_a_blank_before_its_parenthesis(text: str) -> None:
    assert parse(text) == Condition("person", "in", (2, 8), "circle")


@pytest.mark.rule("3.1-malformed", "3.2-operators", "3.2-texts", "3.2-case")
@pytest.mark.parametrize(
    "text",
    ["a", "a eq", "a gt 1", "a ne 1", "a EQ 1", "a eq 1 AND b eq 2", "a in 1", "a in ()", "(a eq 1", "a eq 1)",
     "a eq 'x", "a eq 1 b eq 2", "not a eq 1", "a eq eq", "eq eq 1", "a eq #"],
)  # fmt: skip
def test_what_the_grammar_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse(text)


@pytest.mark.rule("3.2-operators", "3.2-named-sets", "3.2-org-tree", "3.3-person", "3.3-kind")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("date ge '2026-03-10'", True),
        ("date ge '2026-03-11'", False),
        ("date ge '2026-03-01' and date le '2026-03-09'", False),
        ("date eq '2026-03-10' and person in (1,2,3)", True),
        ("date eq '2026-03-10' and person eq 3", False),
        ("date eq '2026-03-10' and (person eq 3 or kind eq 'InOut')", True),
        ("date eq '2026-03-10' and person in circle(1)", True),
        ("date eq '2026-03-10' and person in org-group(200)", False),
        ("date eq '2026-03-10' and person in org-tree(200)", False),
    ],
)
def test_a_filter_selects_records(text: str, expected: bool) -> None:
    assert matches(text) is expected


@pytest.mark.rule("3.1-unknown-field", "3.2-dates", "3.2-or", "3.3-year")
@pytest.mark.parametrize(
    "text",
    [
        "person eq 1",  # date is missing
        "date ge '2026-01-01' or person eq 1",  # or on a Range field
        "(date eq '2026-01-01' or date eq '2026-01-02')",
        "date ge '2026-01-01' and colour eq 1",
        "date ge 20260101",
        "date ge '2026-1-1'",
        "date in ('2026-01-01')",
        "date ge '2026-01-01' and person ge 1",
        "date ge '2026-01-01' and person eq '1'",
        "date ge '2026-01-01' and kind eq 'Other'",
        "date ge '2026-01-01' and kind in circle('InOut')",
        "date ge '2026-01-01' and person in planet(1)",
        "date ge '2025-01-01' and date le '2026-03-01'",  # more than a year
    ],
)
def test_what_a_collection_does_not_allow_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        matches(text)


@pytest.mark.rule("3.3-assignments-from")
def test_the_date_of_assignments_is_their_from() -> None:
    running = {"id": 1, "from": "2026-03-01", "until": "2026-03-31"}
    assert matches("date ge '2026-03-01'", running, "assignments")
    assert not matches("date ge '2026-03-02'", running, "assignments")


@pytest.mark.rule("3.3-no-cap")
def test_assignments_have_no_cap_on_the_range() -> None:
    assert matches("date ge '2020-01-01' and date le '2026-12-31'", {"from": "2026-03-01"}, "assignments")

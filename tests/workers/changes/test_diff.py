from __future__ import annotations

from typing import Any

import pytest

from workers.changes.diff import diff, same


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    return [(change.path, change.before, change.after) for change in diff(before, after)]


def test_a_changed_property_is_told_with_both_values() -> None:
    assert changes({"a": 480, "b": 1}, {"a": 540, "b": 1}) == [("a", 480, 540)]


def test_nested_properties_have_dotted_paths() -> None:
    assert changes({"person": {"id": 1, "x": 0}}, {"person": {"id": 2, "x": 0}}) == [("person.id", 1, 2)]


def test_an_object_that_appears_or_goes_away_is_one_change() -> None:
    assert changes({}, {"terminal": {"id": 3}}) == [("terminal", None, {"id": 3})]
    assert changes({"terminal": {"id": 3}}, {"terminal": None}) == [("terminal", {"id": 3}, None)]


def test_arrays_are_compared_as_whole_values() -> None:
    assert changes({"levels": [{"level": 1}]}, {"levels": [{"level": 1}, {"level": 2}]}) == [
        ("levels", [{"level": 1}], [{"level": 1}, {"level": 2}])
    ]


def test_the_change_version_is_no_change() -> None:
    assert changes({"changeVersion": "A"}, {"changeVersion": "B"}) == []


@pytest.mark.rule("9-absent")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"until": None}, {}),
        ({}, {"until": None}),
        ({"a": {"b": None}}, {"a": {}}),
        ({"levels": [{"level": 1, "info": None}]}, {"levels": [{"level": 1}]}),
    ],
)
def test_absent_and_null_are_the_same_at_every_depth(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert changes(before, after) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"person": {"id": 7}}, {"person": {"id": 7, "externalReferences": {"@employee-number": "E-1"}}}),
        ({"externalReferences": {"@badge-number": "1"}}, {"externalReferences": {"@employee-number": "E-1"}}),
        ({"externalReferences": {"x": "1"}}, {"externalReferences": {"x": "1", "y": "2"}}),
        ({"levels": [{"level": 1, "externalReferences": {"x": "1"}}]}, {"levels": [{"level": 1}]}),
    ],
)
def test_references_that_only_one_of_the_two_shows_are_no_change(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    assert changes(before, after) == changes(after, before) == []


def test_a_reference_that_both_show_may_change() -> None:
    old = {"person": {"id": 7, "externalReferences": {"@employee-number": "E-1"}}}
    new = {"person": {"id": 7, "externalReferences": {"@employee-number": "E-2", "@badge-number": "1"}}}
    assert changes(old, new) == [("person.externalReferences.@employee-number", "E-1", "E-2")]
    assert not same([old], [new])


def test_numbers_compare_by_value_and_booleans_are_no_numbers() -> None:
    assert same(1, 1.0)
    assert not same(1, True)
    assert not same([0], [False])
    assert changes({"x": 0}, {"x": False}) == [("x", 0, False)]


def test_zero_false_and_the_empty_string_are_not_absent() -> None:
    assert [path for path, _, _ in changes({}, {"a": 0, "b": False, "c": ""})] == ["a", "b", "c"]


def test_the_order_is_that_of_the_names_whatever_the_order_in_the_json() -> None:
    assert [path for path, _, _ in changes({"c": 1, "a": {"z": 1, "b": 1}}, {"b": 1})] == ["a", "b", "c"]
    assert changes({"b": 1, "a": 1}, {}) == changes({"a": 1, "b": 1}, {})


def test_a_dot_or_backslash_within_a_name_is_escaped() -> None:
    assert [path for path, _, _ in changes({"a.b": 1, "a": {"b": 1, "c\\": 1}}, {"a": {}})] == [
        "a.b",
        r"a.c\\",
        r"a\.b",
    ]

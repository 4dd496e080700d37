"""Which record a row has become."""

from __future__ import annotations

from typing import Any

import pytest

from workers.imports.lookup import found, query, same, size
from workers.protime import ASSIGNMENT, CLOCKING
from workers.protime.external_references import specification

GUID = "A7D853EA-89EB-4735-83D1-B891C6FDE398"
WRITTEN = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
RECORD: dict[str, Any] = {
    **WRITTEN,
    "id": 8192,
    "changeVersion": "00",
    "status": "Active",
    "isGenerated": False,
}
NOBODY: frozenset[int] = frozenset()


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({}, {}),
        ({}, {"terminal": {"id": 3}}),
        ({"date": "2026-03-09", "timeOfDayInMinutes": 1920}, {}),
        (
            {"terminal": {"externalReferences": {"Sap": "7"}}},
            {"terminal": {"id": 3, "externalReferences": {"Sap": "7"}}},
        ),
        ({"geolocation": {"longitude": "4.3922250"}}, {"geolocation": {"longitude": 4.392225}}),
        ({"isOpen": False}, {}),
        ({"reason": None}, {}),
        (
            {"activityLevels": [{"level": 1, "activityDefinition": {"id": GUID}}]},
            {"activityLevels": [{"level": 1, "activityDefinition": {"id": GUID.lower()}}]},
        ),
        ({"comments": " late "}, {"comments": "late"}),
    ],
)
def test_a_record_that_says_all_that_was_written_is_the_same(
    more: dict[str, Any], kept: dict[str, Any]
) -> None:
    assert same({**WRITTEN, **more}, {**RECORD, **kept})


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"person": {"id": 2}}, {}),
        ({"timeOfDayInMinutes": 481}, {}),
        ({"date": "2026-03-11"}, {}),
        ({"kind": "ActivityEnd"}, {}),
        ({"terminal": {"id": 3}}, {}),
        ({"terminal": {"externalReferences": {"Sap": "7"}}}, {"terminal": {"id": 7}}),
        ({"geolocation": {"longitude": 4.4}}, {"geolocation": {"longitude": 4.5}}),
        ({"isOpen": True}, {"isOpen": False}),
        ({"comments": "late"}, {"comments": "early"}),
    ],
)
def test_a_record_that_says_something_else_is_another_one(more: dict[str, Any], kept: dict[str, Any]) -> None:
    assert not same({**WRITTEN, **more}, {**RECORD, **kept})


def test_a_record_of_another_row_and_one_that_was_removed_are_not_taken() -> None:
    assert found(CLOCKING, WRITTEN, [RECORD], frozenset({8192})) is None
    assert found(CLOCKING, WRITTEN, [{**RECORD, "status": "Deleted"}], NOBODY) is None
    assert found(CLOCKING, WRITTEN, [RECORD], NOBODY) == 8192


def test_the_record_with_the_least_beyond_what_was_written_is_taken() -> None:
    more = {**RECORD, "id": 8000, "terminal": {"id": 3}}
    assert found(CLOCKING, WRITTEN, [more, RECORD], NOBODY) == 8192
    assert found(CLOCKING, WRITTEN, [more], NOBODY) == 8000


def test_a_row_that_says_more_is_longer() -> None:
    assert size({**WRITTEN, "terminal": {"id": 3}}) > size(WRITTEN)


@pytest.mark.rule("11.1-wider")
def test_the_list_is_of_the_person_and_of_a_day_around() -> None:
    where, references = query(CLOCKING, WRITTEN)
    assert str(where) == "person in (1) and date ge '2026-03-09' and date le '2026-03-11'"
    assert references == []


def test_a_person_by_reference_is_compared_by_that_reference() -> None:
    definition = {"externalReferences": {"@data-entry-code": "00014"}}
    written = {
        "person": {"externalReferences": {"@employee-number": "5001"}},
        "from": "2026-03-10",
        "activityLevels": [{"level": 1, "activityDefinition": definition}],
    }
    where, references = query(ASSIGNMENT, written)
    assert str(where) == "date ge '2026-03-09' and date le '2026-03-11'"
    asked = specification("assignments", references)
    assert asked == "(activity-definitions,@data-entry-code)(people,@employee-number)"

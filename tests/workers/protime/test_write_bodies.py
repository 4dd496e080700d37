"""What is refused before it is sent: every mistake, each with its path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.protime.write_examples import RECORD, TUTORIAL, UPDATED, WRITES, level
from workers.protime import ASSIGNMENT, CLOCKING, BodyRefused, Invalid, changed
from workers.protime.bodies import Body

ASSIGNED = {"person": {"id": 1}, "from": "2026-03-10", "activityLevels": [level(1, TUTORIAL)]}
CLOCKED = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}
MISSING = object()


def mistakes(body: Body, given_: Any) -> dict[str, str]:
    try:
        body.check(given_)
    except BodyRefused as error:
        return {mistake.path: mistake.what for mistake in error.mistakes}
    return {}


def changed_body(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**body, **changes}.items() if value is not MISSING}


@pytest.mark.rule("5-reference-by-id", "9.1-body", "9.2-body")
@pytest.mark.parametrize("example", WRITES, ids=lambda example: example.name)
def test_every_body_of_the_pages_is_accepted(example: Any) -> None:
    assert mistakes(ASSIGNMENT if example.command[0] == "assignments" else CLOCKING, example.body) == {}


@pytest.mark.rule("9.1-required", "9.1-types", "9.1-minutes")
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"person": MISSING}, "person"),
        ({"person": None}, "person"),
        ({"person": 7}, "person"),
        ({"person": {}}, "person"),
        ({"person": {"id": "7"}}, "person.id"),
        ({"person": {"id": True}}, "person.id"),
        ({"person": {"externalReferences": {}}}, "person.externalReferences"),
        ({"person": {"externalReferences": {"@shoe-size": "1"}}}, "person.externalReferences.@shoe-size"),
        ({"person": {"externalReferences": {"@badge-number": 7}}}, "person.externalReferences.@badge-number"),
        ({"person": {"externalReferences": {"a b": "7"}}}, "person.externalReferences.a b"),
        ({"from": MISSING}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "20260310"}, "from"),
        ({"until": "2026-03-09"}, "until"),
        ({"startTimeInMinutes": -1441}, "startTimeInMinutes"),
        ({"endTimeInMinutes": 2881}, "endTimeInMinutes"),
        ({"startTimeInMinutes": 480.0}, "startTimeInMinutes"),
        ({"startTimeInMinutes": 480, "endTimeInMinutes": 479}, "endTimeInMinutes"),
        ({"breakDurationInMinutes": -1}, "breakDurationInMinutes"),
        ({"comments": 7}, "comments"),
        ({"comments": "half of \ud83d"}, "comments"),
        ({"person": {"id": 2**70}}, "person.id"),
        ({"activityLevels": MISSING}, "activityLevels"),
        ({"activityLevels": {"level": 1}}, "activityLevels"),
        ({"activityLevels": [{"level": 1}]}, "activityLevels[0].activityDefinition"),
        ({"activityLevels": [{"activityDefinition": {"id": TUTORIAL}}]}, "activityLevels[0].level"),
        ({"activityLevels": [level(1, "17")]}, "activityLevels[0].activityDefinition.id"),
        ({"activityLevels": [level(1, TUTORIAL), 7]}, "activityLevels[1]"),
        ({"startTime": 480}, "startTime"),
    ],
)
def test_an_assignment_is_refused_with_the_path_of_the_mistake(changes: dict[str, Any], path: str) -> None:
    assert list(mistakes(ASSIGNMENT, changed_body(ASSIGNED, changes))) == [path]


@pytest.mark.rule("9.1-optional")
@pytest.mark.parametrize(
    "changes",
    [
        {"startTimeInMinutes": -1440, "endTimeInMinutes": 2880},
        {"startTimeInMinutes": 480, "endTimeInMinutes": 480},
        {"until": None, "comments": ""},
        {"until": "2026-03-10"},
        {"person": {"externalReferences": {"SapNumber": "17"}}},
        {"person": {"id": 1, "externalReferences": {"@employee-number": "5001"}}},
        {"activityLevels": []},
        {"id": 7, "changeVersion": "00", "isRejected": True},
    ],
)
def test_an_assignment_that_protime_takes_is_not_refused(changes: dict[str, Any]) -> None:
    assert mistakes(ASSIGNMENT, {**ASSIGNED, **changes}) == {}


@pytest.mark.rule("9.2-required", "9.2-kinds", "9.2-only-for")
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"kind": MISSING}, "kind"),
        ({"kind": "Lunch"}, "kind"),
        ({"kind": ["InOut"]}, "kind"),
        ({"timeOfDayInMinutes": MISSING}, "timeOfDayInMinutes"),
        ({"date": None}, "date"),
        ({"terminal": {"id": "T01"}}, "terminal.id"),
        (
            {"terminal": {"externalReferences": {"@shift-code": "E"}}},
            "terminal.externalReferences.@shift-code",
        ),
        ({"geolocation": {"longitude": "east"}}, "geolocation.longitude"),
        ({"geolocation": {"latitude": 91}}, "geolocation.latitude"),
        ({"geolocation": {"lat": 51}}, "geolocation"),
        ({"reason": {"id": 3}}, "reason"),
        ({"isOpen": False}, "isOpen"),
        ({"activityLevels": [level(1, TUTORIAL)]}, "activityLevels"),
        ({"kind": "Reason"}, "reason"),
        ({"kind": "Reason", "reason": {"id": 3}, "isOpen": "yes"}, "isOpen"),
        ({"kind": "Activity"}, "activityLevels"),
        ({"kind": "Activity", "activityLevels": []}, "activityLevels"),
        ({"kind": "ActivityEnd", "activityLevels": [level(1, TUTORIAL)]}, "activityLevels"),
    ],
)
def test_a_clocking_is_refused_with_the_path_of_the_mistake(changes: dict[str, Any], path: str) -> None:
    assert list(mistakes(CLOCKING, changed_body(CLOCKED, changes))) == [path]


def test_all_mistakes_are_told_at_once_and_in_the_order_of_the_properties() -> None:
    wrong = {"person": {"id": "x"}, "from": "soon", "endTimeInMinutes": 9999, "form": 1}
    with pytest.raises(BodyRefused) as caught:
        ASSIGNMENT.check(wrong)
    assert isinstance(caught.value, Invalid)
    assert isinstance(caught.value, ValueError)
    paths = [mistake.path for mistake in caught.value.mistakes]
    assert paths == ["person.id", "from", "endTimeInMinutes", "activityLevels", "form"]
    assert all(path in str(caught.value) for path in paths)


def test_a_property_that_is_misspelt_is_refused_with_what_was_meant() -> None:
    # Protime would ignore it, and the time would be lost in silence.
    found = mistakes(ASSIGNMENT, {**ASSIGNED, "startTimeInMinuts": 480})
    assert "did you mean startTimeInMinutes?" in found["startTimeInMinuts"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*ASSIGNMENT.properties, *CLOCKING.properties]), JSON) | JSON)
def test_whatever_a_body_is_the_check_answers_and_never_breaks(body: Any) -> None:
    for table in (ASSIGNMENT, CLOCKING):
        mistakes(table, body)


@pytest.mark.rule("5-complete", "5-read-only")
def test_a_change_keeps_every_other_property_and_drops_the_read_only_ones() -> None:
    names = ("startTimeInMinutes", "endTimeInMinutes", "breakDurationInMinutes", "comments")
    body = changed(RECORD, {name: UPDATED[name] for name in names})
    assert list(body.items()) == list(UPDATED.items())


@pytest.mark.rule("5-complete")
def test_what_protime_shows_beyond_our_table_is_written_back() -> None:
    assert changed({**RECORD, "costCentre": {"id": 4}}, {"comments": "x"})["costCentre"] == {"id": 4}


@pytest.mark.rule("5-omitted")
def test_a_null_clears_and_an_absent_value_stays_absent() -> None:
    body = changed({**RECORD, "breakDurationInMinutes": None}, {"until": None})
    assert "until" not in body
    assert "breakDurationInMinutes" not in body


def test_a_reference_is_replaced_whole_so_that_it_never_contradicts_itself() -> None:
    other = {"externalReferences": {"@employee-number": "5002"}}
    assert changed(RECORD, {"person": other})["person"] == other


def test_a_whole_record_can_be_handed_in_as_the_change() -> None:
    assert changed(RECORD, {**RECORD, "comments": "x"})["comments"] == "x"


@pytest.mark.rule("9.1-rejected")
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"isRejected": True}, "isRejected"),
        ({"changeVersion": "0001E7C5000098FA0012"}, "changeVersion"),
        ({"coments": "x"}, "coments"),
        ({"endTimeInMinutes": 100}, "endTimeInMinutes"),
        ({"person": None}, "person"),
        ([], ""),
    ],
)
def test_a_change_that_protime_would_ignore_or_refuse_is_refused(changes: Any, path: str) -> None:
    with pytest.raises(BodyRefused) as caught:
        changed(RECORD, changes)
    assert [mistake.path for mistake in caught.value.mistakes] == [path]

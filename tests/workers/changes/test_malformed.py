from __future__ import annotations

from typing import Any

import pytest

from workers.changes import NormalizeError, TenantView, normalize


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"from_": "tomorrow"}, "from: expected a date as YYYY-MM-DD, not 'tomorrow'"),
        ({"from_": "2026-02-30"}, "from: expected a date as YYYY-MM-DD, not '2026-02-30'"),
        ({"from_": "20260310"}, "from: expected a date as YYYY-MM-DD, not '20260310'"),
        ({"from_": "2026-W11-2"}, "from: expected a date as YYYY-MM-DD, not '2026-W11-2'"),
        ({"until": 20260310}, "until: expected a date as YYYY-MM-DD, not 20260310"),
        (
            {"startTimeInMinutes": "08:00"},
            "startTimeInMinutes: expected a whole number of minutes from -1440 to 2880, not '08:00'",
        ),
        (
            {"endTimeInMinutes": 100_000},
            "endTimeInMinutes: expected a whole number of minutes from -1440 to 2880, not 100000",
        ),
        (
            {"endTimeInMinutes": True},
            "endTimeInMinutes: expected a whole number of minutes from -1440 to 2880, not True",
        ),
        ({"person": 1}, "person: expected an object with an id, not 1"),
        ({"person": ["Ada"]}, "person: expected an object with an id, not an array"),
        ({"person": {"id": "one"}}, "person.id: expected an integer, not 'one'"),
        ({"person": {"id": {}}}, "person.id: expected an integer, not an object"),
    ],
)
def test_what_cannot_be_read_is_refused_with_field_value_and_expectation(
    change: Any, assignment: Any, brussels: TenantView, properties: dict[str, Any], reason: str
) -> None:
    with pytest.raises(NormalizeError) as caught:
        normalize(change("assignments", assignment(**properties)), brussels)
    assert str(caught.value) == reason


@pytest.mark.parametrize("value", ["x" * 10_000, 10**5000, 1.5], ids=["text", "integer", "fraction"])
def test_a_refusal_is_short_however_long_the_value(
    change: Any, assignment: Any, brussels: TenantView, value: Any
) -> None:
    with pytest.raises(NormalizeError) as caught:
        normalize(change("assignments", assignment(startTimeInMinutes=value)), brussels)
    assert len(str(caught.value)) < 150


@pytest.mark.parametrize("resource", [[], "text", 5, True])
def test_a_resource_that_is_no_object_is_refused(change: Any, brussels: TenantView, resource: Any) -> None:
    with pytest.raises(NormalizeError, match="resource: expected an object"):
        normalize(change("assignments", resource), brussels)


def test_an_update_without_a_resource_is_refused(change: Any, brussels: TenantView) -> None:
    with pytest.raises(NormalizeError, match="resource: expected an object, not NoneType"):
        normalize(change("assignments", None, deleted=False), brussels)


def test_a_collection_without_events_is_refused(change: Any, brussels: TenantView) -> None:
    with pytest.raises(NormalizeError, match="collection: 'terminals' is not one of absences, "):
        normalize(change("terminals", {}), brussels)


@pytest.mark.parametrize("minutes", [-1500, 2881, 4320])
def test_minutes_a_little_out_of_range_are_taken_at_their_word(
    change: Any, assignment: Any, brussels: TenantView, minutes: int
) -> None:
    assert normalize(change("assignments", assignment(startTimeInMinutes=minutes)), brussels)


@pytest.mark.parametrize(
    "name",
    ["person", "from_", "until", "startTimeInMinutes", "endTimeInMinutes", "activityLevels", "isRejected"],
)
def test_a_missing_value_is_no_error(render: Any, assignment: Any, name: str) -> None:
    assert render("assignments", assignment(**{name: None}))["data"]["change"] == "created"
    assert render("assignments", assignment(**{name: None}), assignment())["data"]["change"] == "updated"


def test_a_person_without_an_id_is_nobody(render: Any, assignment: Any) -> None:
    body = assignment(person={"externalReferences": {"@employee-number": "5678"}})
    assert render("assignments", body)["data"]["person"] is None


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_placeholder_date_is_no_date(render: Any, assignment: Any, day: str) -> None:
    data = render("assignments", assignment(from_=day, until=day))["data"]
    assert (data["start"], data["end"], data["resource"]["from"]) == (None, None, day)


def test_a_stored_record_that_cannot_be_read_does_not_block_its_successor(
    render: Any, assignment: Any
) -> None:
    stored = assignment(from_="nonsense")
    data = render("assignments", assignment(), stored)["data"]
    assert (data["change"], data["previous"]) == ("updated", stored)
    assert render("assignments", None, stored)["data"]["start"] is None


@pytest.mark.parametrize("value", ["\ud800", 10**5000], ids=["a lone surrogate", "5000 digits"])
def test_what_cannot_be_written_is_refused(
    change: Any, assignment: Any, brussels: TenantView, value: Any
) -> None:
    with pytest.raises(NormalizeError, match="as JSON in UTF-8"):
        normalize(change("assignments", assignment(comments=value)), brussels)


def nested(levels: int) -> dict[str, Any]:
    body: dict[str, Any] = {}
    for _ in range(levels - 1):
        body = {"a": body}
    return body


@pytest.mark.parametrize("levels", [101, 100_000])
def test_deep_nesting_is_refused(change: Any, assignment: Any, brussels: TenantView, levels: int) -> None:
    for previous in (None, assignment(), nested(levels)):
        with pytest.raises(NormalizeError, match="expected JSON of at most 100 levels"):
            normalize(change("assignments", nested(levels), previous), brussels)


def test_nesting_within_the_limit_and_long_arrays_pass(render: Any) -> None:
    assert render("assignments", nested(100))["data"]["change"] == "created"
    assert render("assignments", {"activityLevels": [{"level": 1}] * 1000})["data"]["change"] == "created"

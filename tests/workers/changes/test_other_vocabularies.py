"""Calculated totals, contracts and counters."""

from __future__ import annotations

from typing import Any

import pytest

TOTALS: dict[str, Any] = {
    "changeVersion": "01",
    "id": 757085,
    "person": {"id": 7},
    "date": "2026-03-10",
    "normalTimeDurationInMinutes": 480,
    "timePresentDurationInMinutes": 470,
    "calculatedPresenceDurationInMinutes": 465,
    "weeklyHours1DurationInMinutes": 2280,
    "payPeriodHoursDurationInMinutes": 9120,
    "flextimeDurationInMinutes": -15,
    "flextimeBalanceInMinutes": 120,
    "shiftDefinition": {"id": 1},
}
CONTRACT: dict[str, Any] = {
    "id": 757085,
    "person": {"id": 7},
    "code": "FT",
    "from": "2026-01-01",
    "contractHoursInMinutes": 2280,
    "fullTimeEquivalentInMinutes": 2280,
    "contractPercentage": 100,
    "numberOfWorkingDaysPerWeek": 5,
    "kind": "Contract",
}
COUNTER: dict[str, Any] = {
    "id": 757085,
    "person": {"id": 7},
    "date": "2026-03-10",
    "startTimeInMinutes": 480,
    "endTimeInMinutes": 600,
    "durationInMinutes": 120,
    "numberOfInstances": 1,
    "counterDefinition": {"id": 5},
    "isAuthorized": False,
}


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"timePresentDurationInMinutes": 480}, ["presence_changed"]),
        ({"calculatedPresenceDurationInMinutes": 470}, ["presence_changed"]),
        ({"normalTimeDurationInMinutes": 456}, ["normal_time_changed"]),
        ({"flextimeDurationInMinutes": 0}, ["flextime_changed"]),
        ({"flextimeBalanceInMinutes": 135}, ["balance_changed"]),
        ({"weeklyHours3DurationInMinutes": 10}, ["period_hours_changed"]),
        ({"payPeriodHoursDurationInMinutes": 9000}, ["period_hours_changed"]),
        ({"shiftDefinition": {"id": 2}}, ["shift_changed"]),
        ({"shiftDefinition": None}, ["shift_changed"]),
        ({"shiftDefinition": {"id": 1, "externalReferences": {"@shift-code": "E"}}}, []),
        ({"somethingNew": 1}, ["updated"]),
        (
            {"timePresentDurationInMinutes": 0, "flextimeDurationInMinutes": -480, "flextimeBalanceInMinutes": 0},
            ["presence_changed", "flextime_changed", "balance_changed"],
        ),
    ],
)  # fmt: skip
def test_totals_say_which_of_them_differ(
    render: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    assert render("calculated-totals", TOTALS | properties, TOTALS)["data"]["meaning"] == expected


def test_totals_that_are_calculated_again_with_the_same_result_mean_nothing(render: Any) -> None:
    data = render("calculated-totals", TOTALS | {"changeVersion": "02"}, TOTALS)["data"]
    assert (data["change"], data["meaning"], data["changes"]) == ("updated", [], [])


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"until": "2026-12-31"}, ["period_changed"]),
        ({"from": "2026-02-01"}, ["period_changed"]),
        ({"contractHoursInMinutes": 1140, "contractPercentage": 50}, ["hours_changed"]),
        ({"numberOfWorkingDaysPerWeek": 2.5}, ["working_days_changed"]),
        ({"person": {"id": 8}}, ["reassigned"]),
        ({"kind": "SomethingNew"}, ["updated"]),
    ],
)
def test_a_contract_says_what_was_agreed_anew(
    render: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    assert render("contracts", CONTRACT | properties, CONTRACT)["data"]["meaning"] == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"startTimeInMinutes": 540, "endTimeInMinutes": 660}, ["rescheduled"]),
        ({"date": "2026-03-11"}, ["rescheduled", "moved_to_other_day"]),
        ({"durationInMinutes": 130}, ["lengthened"]),
        ({"durationInMinutes": 110.5}, ["shortened"]),
        ({"durationInMinutes": "110"}, ["updated"]),
        ({"durationInMinutes": True}, ["updated"]),
        ({"numberOfInstances": 2}, ["instances_changed"]),
        ({"person": {"id": 8}}, ["reassigned"]),
        ({"counterDefinition": {"id": 6}}, ["type_changed"]),
        ({"isAuthorized": True}, ["authorized"]),
        ({"status": "SomethingNew"}, ["updated"]),
    ],
)
def test_a_counter_says_what_was_counted_differently(
    render: Any, properties: dict[str, Any], expected: list[str]
) -> None:
    assert render("counters", COUNTER | properties, COUNTER)["data"]["meaning"] == expected


def test_an_authorization_can_be_withdrawn(render: Any) -> None:
    data = render("counters", COUNTER, COUNTER | {"isAuthorized": True})["data"]
    assert data["meaning"] == ["authorization_withdrawn"]


@pytest.mark.parametrize("collection", ["calculated-totals", "contracts", "counters"])
def test_they_begin_and_end_with_the_generic_words(render: Any, collection: str) -> None:
    assert render(collection, COUNTER)["data"]["meaning"] == ["created"]
    assert render(collection, None, COUNTER)["data"]["meaning"] == ["deleted"]
    assert render(collection)["data"]["meaning"] == ["deleted"]

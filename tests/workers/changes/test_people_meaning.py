"""What happens to a person: told by words, without the values that may not leave."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.changes import Fingerprints, TenantView, normalize, stored_form
from workers.changes.people import NAMEABLE, NEVER

ZONE = ZoneInfo("Europe/Brussels")
PERSON: dict[str, Any] = {
    "changeVersion": "01",
    "id": 757085,
    "employeeNumber": "E-4821",
    "inServiceDate": "2020-01-01",
    "firstName": "Ada",
    "lastName": "Lovelace",
    "email": "ada@example.com",
    "address": "Hidden Street 1",
    "badgeNumber": "1955-HIDDEN",
    "pinCode": 4711,
}
HIDDEN = ("Lovelace", "example.com", "Street", "HIDDEN", "4711", "Other")
Told = Callable[..., dict[str, Any]]


def view(fields: list[str] | None = None, key: str | None = "the key of this tenant") -> TenantView:
    made = TenantView(ZONE, 168, fingerprints=Fingerprints(key) if key else None)
    if fields is None:
        return made
    return TenantView(ZONE, 168, frozenset(fields), made.fingerprints)


@pytest.fixture
def told(change: Any) -> Told:
    """The event's data of an update, from the stored form of the person before."""

    def of(
        after: dict[str, Any] | None,
        before: dict[str, Any] = PERSON,
        now: TenantView | None = None,
        then: TenantView | None = None,
    ) -> dict[str, Any]:
        stored = json.loads(json.dumps(stored_form("people", before, then or now or view())))
        event = normalize(change("people", after, stored), now or view()).json.decode()
        data: dict[str, Any] = json.loads(event)["data"]
        return data

    return of


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({}, {"outOfServiceDate": "2026-04-30"}, ["left"]),
        ({"outOfServiceDate": "9999-12-31"}, {"outOfServiceDate": "2026-04-30"}, ["left"]),
        ({"outOfServiceDate": "2026-04-30"}, {}, ["returned"]),
        ({"outOfServiceDate": "2026-04-30"}, {"outOfServiceDate": "9999-12-31"}, ["returned"]),
        (
            {"outOfServiceDate": "2026-04-30"},
            {"outOfServiceDate": "2026-05-31"},
            ["out_of_service_date_changed"],
        ),
        (
            {"outOfServiceDate": "2025-04-30"},
            {"inServiceDate": "2026-03-01"},
            ["returned", "in_service_date_changed"],
        ),
        ({}, {"outOfServiceDate": "soon"}, ["updated"]),
        ({}, {"outOfServiceDate": 5}, ["updated"]),
        ({}, {"inServiceDate": "2020-02-01"}, ["in_service_date_changed"]),
        ({}, {"periodClosingDate": "2026-02-28"}, ["calendar_closed"]),
        ({"periodClosingDate": "2026-01-31"}, {"periodClosingDate": "2026-02-28"}, ["calendar_closed"]),
        ({"periodClosingDate": "2026-02-28"}, {"periodClosingDate": "2026-01-31"}, ["calendar_reopened"]),
        ({"periodClosingDate": "2026-02-28"}, {}, ["calendar_reopened"]),
        ({}, {"employeeNumber": "E-1"}, ["employee_number_changed"]),
    ],
)
def test_an_update_of_a_person_says_what_became_different(
    told: Told, before: dict[str, Any], after: dict[str, Any], expected: list[str]
) -> None:
    assert told(PERSON | after, PERSON | before)["meaning"] == expected


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"lastName": "Other"}, ["name_changed"]),
        ({"firstName": None}, ["name_changed"]),
        ({"email": "other@example.com"}, ["contact_changed"]),
        ({"mobile": "0470"}, ["contact_changed"]),
        ({"address": "Other Street 2", "town": "Gent"}, ["address_changed"]),
        ({"countryIsoCode": "BE"}, ["address_changed"]),
        ({"badgeNumber": "1956-HIDDEN"}, ["badge_changed"]),
        ({"badgeNumber": None, "lastName": "Other"}, ["name_changed", "badge_changed"]),
        ({"pinCode": 1}, []),
        ({"socialSecurityNumber": "90.12.10-997.66"}, []),
        ({"birthDate": "1990-12-10"}, []),
    ],
)
def test_a_hidden_change_is_told_by_its_word_alone(
    told: Told, properties: dict[str, Any], expected: list[str]
) -> None:
    data = told(PERSON | properties)
    assert (data["meaning"], data["changes"]) == (expected, [])
    assert not [value for value in HIDDEN if value in json.dumps(data)]


def test_a_new_person_has_joined_and_a_removed_one_is_deleted(told: Told, render: Any) -> None:
    assert render("people", PERSON)["data"]["meaning"] == ["joined"]
    assert told(None)["meaning"] == ["deleted"]


def test_without_a_key_no_hidden_change_is_told(told: Told) -> None:
    data = told(PERSON | {"badgeNumber": "1956-HIDDEN"}, now=view(key=None))
    assert (data["meaning"], data["changes"]) == ([], [])
    assert told(PERSON | {"lastName": "Other"}, now=view(["id", "lastName"], key=None))["meaning"] == [
        "name_changed"
    ]


def test_another_key_makes_no_change_of_what_is_the_same(told: Told) -> None:
    assert told(PERSON, now=view(), then=view(key="the key before"))["meaning"] == []
    assert told(PERSON, now=view(), then=view(key=None))["meaning"] == []


def test_a_field_that_is_newly_allowed_has_not_changed(told: Told) -> None:
    wider = view(["id", "lastName", "outOfServiceDate"])
    data = told(PERSON | {"outOfServiceDate": "2026-04-30"}, PERSON | {"outOfServiceDate": "2026-04-30"},
                wider, view(["id"]))  # fmt: skip
    assert (data["meaning"], data["changes"]) == ([], [])
    assert data["resource"] == {"id": 757085, "lastName": "Lovelace", "outOfServiceDate": "2026-04-30"}


def test_a_field_that_is_no_longer_allowed_leaves_with_nothing(told: Told) -> None:
    data = told(PERSON | {"lastName": "Other"}, now=view(["id"]), then=view(["id", "lastName"]))
    assert (data["previous"], data["resource"], data["changes"]) == ({"id": 757085}, {"id": 757085}, [])
    assert data["meaning"] == ["name_changed"]


def test_the_stored_form_holds_no_hidden_value_and_the_event_nothing_of_its_traces(told: Told) -> None:
    assert not [value for value in HIDDEN if value in json.dumps(stored_form("people", PERSON, view()))]
    assert "~" not in json.dumps(told(PERSON | {"employeeNumber": "E-1"}))


def test_a_record_cannot_bring_traces_of_its_own(told: Told) -> None:
    forged = PERSON | {"~": {"pinCode": "4711"}, "pinCode": 4711}
    assert "4711" not in json.dumps(stored_form("people", forged, view()))
    assert "4711" not in json.dumps(told(forged, forged))
    assert "~" not in told(forged, now=view(["id", "~"]))["resource"]


def test_two_people_of_the_same_name_do_not_look_the_same_in_the_store() -> None:
    one, two = (stored_form("people", PERSON | {"id": number}, view())["~"]["name"] for number in (1, 2))
    assert one != two


@pytest.mark.parametrize("value", ["\ud800", 10**5000, {"a": [{}]}], ids=["surrogate", "digits", "object"])
def test_hidden_values_of_any_form_are_no_reason_to_refuse_a_person(told: Told, value: Any) -> None:
    stored = stored_form("people", PERSON | {"badgeNumber": value}, view())
    assert stored["~"]["badge"] not in {"", stored_form("people", PERSON, view())["~"]["badge"]}


def test_a_stored_person_of_an_earlier_release_is_compared_by_what_is_there(change: Any) -> None:
    for stored in ({"id": 757085, "~": 5}, {"id": 757085, "~": {"key": 1, "fields": 2}}, {"id": 757085}):
        normalize(change("people", PERSON, stored), view())


def test_what_is_never_let_out_cannot_be_named() -> None:
    assert not {*NEVER} & {*NAMEABLE}
    assert {"socialSecurityNumber", "bankAccount", "passportNumber", "pinCode"} <= {*NEVER}

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.changes import PEOPLE_FIELDS, NormalizeError, TenantView, normalize, stored_form

PERSON = {
    "changeVersion": "0001E7C5000098FA0014",
    "id": 757085,
    "employeeNumber": "E-4821",
    "inServiceDate": "2020-01-01",
    "firstName": "Ada",
    "lastName": "Secret-Name",
    "email": "ada@example.com",
    "birthDate": "1990-12-10",
    "socialSecurityNumber": "90.12.10-997.66",
    "bankAccount": "BE71 0961 2345 6769",
    "passportNumber": "EX123456",
    "pinCode": 4711,
    "person": {"id": "not even an integer"},
    "externalReferences": {"@badge-number": "1955"},
}
SECRETS = [
    "Ada",
    "Secret-Name",
    "example.com",
    "1990",
    "997.66",
    "BE71",
    "EX123456",
    "4711",
    "1955",
    "not even",
]


@pytest.mark.rule("9.3-personal")
@pytest.mark.parametrize(
    ("resource", "previous"),
    [(PERSON, None), (PERSON, PERSON | {"pinCode": 4711_0, "lastName": "Secret-Name-2"}), (None, PERSON)],
)
def test_personal_data_leaves_by_allow_list_only(
    change: Any, brussels: TenantView, resource: Any, previous: Any
) -> None:
    text = normalize(change("people", resource, previous), brussels).json.decode()
    assert not [secret for secret in SECRETS if secret in text]


def test_what_is_allowed_is_told_with_its_changes(render: Any) -> None:
    data = render("people", PERSON | {"employeeNumber": "E-1"}, PERSON)["data"]
    assert data["changes"] == [{"path": "employeeNumber", "before": "E-4821", "after": "E-1"}]
    assert data["resource"].keys() == data["previous"].keys() <= PEOPLE_FIELDS
    assert data["meaning"] == ["employee_number_changed"]


def test_a_change_of_what_may_not_leave_is_an_update_without_changes(render: Any) -> None:
    data = render("people", PERSON | {"pinCode": 1234}, PERSON)["data"]
    assert (data["change"], data["changes"], data["meaning"]) == ("updated", [], [])


def test_the_person_of_a_person_is_the_record_itself(render: Any) -> None:
    assert render("people", PERSON)["data"]["person"] == {"id": 757085}
    assert render("people")["data"]["person"] == {"id": 757085}


def test_a_tenant_may_allow_other_fields(render: Any) -> None:
    view = TenantView(ZoneInfo("Europe/Brussels"), 168, people_fields=frozenset({"id", "lastName"}))
    assert render("people", PERSON, view=view)["data"]["resource"] == {
        "id": 757085,
        "lastName": "Secret-Name",
    }


def test_the_stored_form_is_reduced_for_people_only(brussels: TenantView) -> None:
    assert stored_form("people", PERSON, brussels).keys() <= {*PEOPLE_FIELDS, "~"}
    assert stored_form("clockings", PERSON, brussels) == PERSON


def test_an_error_about_a_person_shows_no_value(change: Any, brussels: TenantView) -> None:
    with pytest.raises(NormalizeError) as caught:
        normalize(change("people", ["Secret-Name"]), brussels)
    assert str(caught.value) == "resource: expected an object, not list"

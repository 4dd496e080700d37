"""Which fields of people may leave: by default few, by name more, and some never."""

from __future__ import annotations

import json

import pytest

from workers.changes import PEOPLE_FIELDS
from workers.changes.people import NAMEABLE, NEVER
from workers.config import config_schema
from workers.views import tenant_view

FIELDS = "tenants.acme.collections.people.people_fields"


def view_of(case):
    config = case.config()
    return tenant_view(config.tenants["acme"], config.secret_key)


def test_without_the_key_few_fields_leave(case):
    assert view_of(case).people_fields == PEOPLE_FIELDS
    assert view_of(case.set("tenants.acme.collections.people", {})).people_fields == PEOPLE_FIELDS


def test_the_named_fields_leave_and_no_others(case):
    assert view_of(case.set(FIELDS, ["lastName", "email"])).people_fields == {
        "id",
        "changeVersion",
        "lastName",
        "email",
    }
    assert view_of(case.set(FIELDS, [])).people_fields == {"id", "changeVersion"}


def test_both_spellings_of_a_name_that_protime_changed_are_the_same_field(case):
    assert {"countryISOCode", "countryIsoCode"} < view_of(case.set(FIELDS, ["countryISOCode"])).people_fields


@pytest.mark.parametrize("name", NAMEABLE)
def test_every_documented_field_that_is_no_secret_can_be_named(case, name):
    assert name in view_of(case.set(FIELDS, [name])).people_fields


@pytest.mark.parametrize("name", NEVER)
def test_what_proves_an_identity_or_moves_money_or_opens_a_door_cannot_be_named(case, name):
    problem = case.set(FIELDS, ["lastName", name]).problem()
    assert problem.startswith(f"{FIELDS}[1]: never leaves Protime by an event: it proves an identity")


def test_an_unknown_field_is_a_mistake_with_a_suggestion(case):
    problem = case.set(FIELDS, ["lastname"]).problem()
    assert problem == f'{FIELDS}[0]: people have no property of this name. Did you mean "lastName"?'


@pytest.mark.parametrize("value", ["lastName", 5, {"lastName": True}])
def test_the_fields_are_a_list(case, value):
    assert f"{FIELDS}: must be a list" in case.set(FIELDS, value).problem()


def test_no_other_collection_has_people_fields(case):
    where = "tenants.acme.collections.assignments.people_fields"
    assert (
        case.set(where, ["lastName"]).problem() == f"{where}: is for the collection people only. Remove it."
    )


def test_the_schema_of_the_configuration_lists_the_fields_that_can_be_named():
    text = json.dumps(config_schema())
    assert '"lastName"' in text
    assert "pinCode" not in text


def test_hidden_changes_can_be_told_only_with_a_secret_key(case):
    assert view_of(case).fingerprints is not None
    config = case.config()
    assert tenant_view(config.tenants["acme"], None).fingerprints is None

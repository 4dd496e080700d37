from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

from workers.changes import SCHEMA_NAMES, schema
from workers.changes.catalog import COLLECTIONS
from workers.changes.meaning import meanings


def validate(event: dict[str, Any]) -> None:
    Draft202012Validator(schema(event["dataschema"].removeprefix("/schemas/"))).validate(event)


@pytest.mark.parametrize("name", SCHEMA_NAMES)
def test_every_schema_is_a_valid_schema_under_its_own_name(name: str) -> None:
    made = schema(name)
    Draft202012Validator.check_schema(made)
    assert made["$id"] == f"/schemas/{name}"


def test_there_is_one_schema_for_each_collection() -> None:
    assert len(SCHEMA_NAMES) == 18
    assert {"assignment.v1.json", "person.v1.json", "calculated-total.v1.json"} < set(SCHEMA_NAMES)


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        schema("terminal.v1.json")


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
def test_events_of_every_collection_and_change_fit_their_schema(render: Any, collection: str) -> None:
    body = {"id": 7, "date": "2026-03-10", "from": "2026-03-10", "startTimeInMinutes": 480}
    validate(render(collection, body))
    validate(render(collection, body | {"id": 8}, body, origin="delta"))
    validate(render(collection, None, body, origin="reconcile"))
    validate(render(collection, origin="sync"))


def test_a_full_assignment_event_fits(render: Any, assignment: Any) -> None:
    validate(render("assignments", assignment(startTimeInMinutes=500), assignment()))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["type"], "eu.myprotime.clocking.created.v1"),
        (["time"], "2026-03-09T14:03:11+01:00"),
        (["origin"], "elsewhere"),
        (["data", "collection"], "clockings"),
        (["data", "change"], "replaced"),
        (["data", "start"], "2026-03-10 08:00"),
        (["data", "notice", "minutes"], "soon"),
        (["data", "person", "id"], None),
        (["data", "meaning"], "planned"),
    ],
)
def test_what_is_not_an_event_does_not_fit(render: Any, assignment: Any, path: list[str], value: Any) -> None:
    event = copy.deepcopy(render("assignments", assignment()))
    validate(event)
    target = event
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    with pytest.raises(ValidationError):
        validate(event)


def test_new_properties_fit_within_v1(render: Any, assignment: Any) -> None:
    event = render("assignments", assignment())
    event["data"] |= {"added": 1, "meaning": ["a_new_word"]}
    validate(event)


@pytest.mark.parametrize("collection", sorted(COLLECTIONS))
def test_the_schema_lists_the_words_of_its_collection(collection: str) -> None:
    made = schema(f"{COLLECTIONS[collection].singular}.v1.json")
    narrowed = made["allOf"][1]["properties"]["data"]["properties"]
    assert narrowed["meaning"]["items"]["examples"] == list(meanings(collection))

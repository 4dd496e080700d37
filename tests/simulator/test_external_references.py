from __future__ import annotations

from typing import Any

import pytest

PERSON = "/external-references/people/1"


@pytest.mark.rule("10-manage")
async def test_references_are_written_read_and_used(sim: Any) -> None:
    body = {"externalReferences": {"HrKey": "K1", "Payroll": "P1"}}
    assert (await sim.put(PERSON, body)).status_code == 200
    assert (await sim.get(PERSON)).json() == body
    assert (await sim.get("/external-references/people")).json() == {"value": [{"id": 1, **body}]}
    key = await sim.add(person={"externalReferences": {"HrKey": "K1"}})
    record = (await sim.get(f"/assignments/{key}?externalReferences=(people,HrKey)")).json()
    assert record["person"] == {"id": 1, "externalReferences": {"HrKey": "K1"}}


async def test_a_put_of_all_names_clears_the_others(sim: Any) -> None:
    await sim.put(PERSON, {"externalReferences": {"HrKey": "K1"}})
    await sim.put(PERSON, {"externalReferences": {"Payroll": "P1"}})
    assert (await sim.get(PERSON)).json() == {"externalReferences": {"Payroll": "P1"}}
    assert (await sim.delete(PERSON)).status_code == 204
    assert (await sim.get(PERSON)).json() == {"externalReferences": {}}


@pytest.mark.rule("5-upsert")
async def test_one_name_is_created_changed_and_deleted(sim: Any) -> None:
    statuses = [(await sim.put(f"{PERSON}/HrKey", {"value": text})).status_code for text in ("K1", "K2")]
    assert statuses == [201, 200]
    assert (await sim.get(f"{PERSON}/HrKey")).json() == {"value": "K2"}
    assert (await sim.delete(f"{PERSON}/HrKey")).status_code == 204
    assert (await sim.get(f"{PERSON}/HrKey")).status_code == 404
    assert (await sim.delete(f"{PERSON}/HrKey")).status_code == 404


@pytest.mark.rule("10-unique")
async def test_a_value_is_unique_within_its_collection(sim: Any) -> None:
    await sim.put(f"{PERSON}/HrKey", {"value": "K1"})
    assert (await sim.put("/external-references/people/2/HrKey", {"value": "K1"})).status_code == 400
    both = {"externalReferences": {"Payroll": "P1", "HrKey": "K1"}}
    assert (await sim.put("/external-references/people/2", both)).status_code == 400
    assert (await sim.get("/external-references/people/2")).json() == {"externalReferences": {}}
    assert (await sim.put(f"{PERSON}/HrKey", {"value": "K1"})).status_code == 200
    assert (await sim.put("/external-references/circles/2/HrKey", {"value": "K1"})).status_code == 201


@pytest.mark.rule("10-own-fields")
@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{PERSON}/@badge-number", {"value": "1"}),
        (f"{PERSON}/HrKey", {"value": ""}),
        (f"{PERSON}/HrKey", {"value": 1}),
        (PERSON, {"externalReferences": {"a b": "1"}}),
        (PERSON, {}),
    ],
)
async def test_a_wrong_name_or_value_is_400(sim: Any, path: str, body: Any) -> None:
    assert (await sim.put(path, body)).status_code == 400


@pytest.mark.parametrize("path", ["people/999", "assignments/1", "circles/99", "moons/1", "people/x"])
async def test_what_does_not_exist_has_no_references(sim: Any, path: str) -> None:
    assert (await sim.put(f"/external-references/{path}/HrKey", {"value": "1"})).status_code == 404


@pytest.mark.rule("10-manage")
async def test_writing_needs_the_scope_of_writing(sim: Any) -> None:
    await sim.log_in("external-references.read")
    assert (await sim.get(PERSON)).status_code == 200
    assert (await sim.put(f"{PERSON}/HrKey", {"value": "1"})).status_code == 403
    await sim.log_in("external-references.write")
    assert (await sim.put(f"{PERSON}/HrKey", {"value": "1"})).status_code == 201
    await sim.log_in("people.read")
    assert (await sim.get(PERSON)).status_code == 403

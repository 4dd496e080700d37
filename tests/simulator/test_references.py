from __future__ import annotations

from typing import Any

import pytest

PEOPLE = "(people,@employee-number)"


@pytest.mark.rule("3.7-pairs", "3.7-beside", "3.7-texts")
async def test_references_appear_beside_the_ids(sim: Any) -> None:
    key = await sim.add()
    full = f"{PEOPLE}(activity-definitions,@data-entry-code)"
    record = (await sim.get(f"/assignments/{key}?externalReferences={full}")).json()
    assert record["person"] == {"id": 1, "externalReferences": {"@employee-number": "5001"}}
    definition = record["activityLevels"][0]["activityDefinition"]
    assert definition["id"] == sim.activity
    assert definition["externalReferences"]["@data-entry-code"].startswith("0001")


@pytest.mark.rule("3.7-where")
async def test_references_work_on_lists(sim: Any) -> None:
    await sim.add()
    items, _, _ = await sim.follow(f"/assignments?filter=date ge '2026-01-01'&externalReferences={PEOPLE}")
    assert items[0]["person"]["externalReferences"] == {"@employee-number": "5001"}


@pytest.mark.rule("3.7-no-value", "10-custom")
async def test_a_custom_reference_without_a_value_is_missing(sim: Any) -> None:
    await sim.control("PUT", "/references/people/HrKey", {"1": "K1"})
    for person, expected in ((1, {"HrKey": "K1"}), (2, {})):
        key = await sim.add(person={"id": person})
        record = (await sim.get(f"/assignments/{key}?externalReferences=(people,HrKey)")).json()
        assert record["person"]["externalReferences"] == expected


@pytest.mark.rule("3.7-invalid", "4.1-400", "10-predefined", "10-accepted")
@pytest.mark.parametrize(
    "text", ["people", "(people)", "(terminals,@external-code)", "(people,@unknown)", "(people,a)x"]
)
async def test_an_invalid_specification_is_400(sim: Any, text: str) -> None:
    response = await sim.get(f"/assignments?filter=date ge '2026-01-01'&externalReferences={text}")
    assert response.status_code == 400


@pytest.mark.rule("5-reference-by-name")
@pytest.mark.parametrize(
    "reference",
    [
        {"@employee-number": "5002"},
        {"@badge-number": "1902"},
        {"@badge-number": "1902", "@employee-number": "5002"},
    ],
)
async def test_a_write_may_name_a_person_by_reference(sim: Any, reference: dict[str, str]) -> None:
    key = await sim.add(person={"externalReferences": reference})
    assert (await sim.get(f"/assignments/{key}")).json()["person"] == {"id": 2}


@pytest.mark.rule("5-contradiction", "5-dangling")
@pytest.mark.parametrize(
    "person",
    [
        {"id": 1, "externalReferences": {"@employee-number": "5002"}},  # CHOICE-16
        {"id": 99999},  # CHOICE-17
        {"externalReferences": {"@employee-number": "nobody"}},
        {"externalReferences": {"Custom": "nobody"}},
    ],
)
async def test_contradictory_and_dangling_references_are_400_with_reasons(
    sim: Any, person: dict[str, Any]
) -> None:
    response = await sim.post("/assignments", sim.assignment(person=person))
    assert response.status_code == 400
    assert response.json()["error"]["reasons"]


@pytest.mark.parametrize(
    "person", [{}, 1, {"id": True}, {"externalReferences": 1}, {"externalReferences": {"a": 1}}]
)
async def test_unreadable_references_are_model_errors(sim: Any, person: Any) -> None:
    response = await sim.post("/assignments", sim.assignment(person=person))
    assert response.status_code == 400
    assert response.json()["validationErrors"][0]["field"] == "person"

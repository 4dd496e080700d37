from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.rule("1.4-location", "3.8-by-id", "5-create", "5-reference-by-id", "7-shape", "9.1-body")
async def test_a_created_assignment_has_a_relative_location_and_reads_back(sim: Any) -> None:
    response = await sim.post("/assignments", sim.assignment())
    assert response.status_code == 201
    location = response.headers["Location"]
    assert location == "/connector/protimeapi/api/v1/assignments/757085"
    record = (await sim.get(location)).json()
    assert {**sim.assignment(), "id": 757085, "isRejected": False}.items() <= record.items()
    assert len(record["changeVersion"]) == 20
    assert record["changeVersion"] == record["changeVersion"].upper()


@pytest.mark.rule("5-update", "7-rises")
async def test_every_change_has_a_larger_change_version(sim: Any) -> None:
    key = await sim.add()
    before = (await sim.get(f"/assignments/{key}")).json()["changeVersion"]
    assert (await sim.put(f"/assignments/{key}", sim.assignment(comments="new"))).status_code == 200
    assert (await sim.get(f"/assignments/{key}")).json()["changeVersion"] > before


@pytest.mark.rule("5-omitted", "9-absent")
async def test_put_clears_what_it_omits(sim: Any) -> None:
    key = await sim.add()
    await sim.put(f"/assignments/{key}", sim.assignment(comments=None))
    record = (await sim.get(f"/assignments/{key}")).json()
    assert "comments" not in record
    assert record["isRejected"] is False
    await sim.put(f"/assignments/{key}", sim.assignment())
    sim.settings.put_clears_omitted = False
    await sim.put(f"/assignments/{key}", sim.assignment(comments=None))
    assert (await sim.get(f"/assignments/{key}")).json()["comments"] == "Morning"


@pytest.mark.rule("5-read-only", "9.1-rejected")
async def test_read_only_properties_in_a_body_are_ignored(sim: Any) -> None:
    key = await sim.add(isRejected=True, id=3, changeVersion="X", surprise=1)
    record = (await sim.get(f"/assignments/{key}")).json()
    assert record["isRejected"] is False
    assert "surprise" not in record


@pytest.mark.rule("5-update")
async def test_put_may_answer_with_the_resource(make_sim: Any) -> None:
    sim = await make_sim(put_returns_body=True)
    key = await sim.add()
    assert (await sim.put(f"/assignments/{key}", sim.assignment())).json()["id"] == key


@pytest.mark.rule("9.1-put-unknown")
async def test_put_of_an_unknown_id_is_404(sim: Any) -> None:
    assert (await sim.put("/assignments/1", sim.assignment())).status_code == 404


@pytest.mark.rule("1.4-if-match", "4.1-409")
async def test_if_match_of_an_older_state_is_409(sim: Any) -> None:
    key = await sim.add()
    tag = (await sim.get(f"/assignments/{key}")).headers["ETag"]
    assert (await sim.put(f"/assignments/{key}", sim.assignment(), **{"If-Match": tag})).status_code == 200
    assert (await sim.put(f"/assignments/{key}", sim.assignment(), **{"If-Match": tag})).status_code == 409


@pytest.mark.rule("5-delete", "5-gone")
async def test_delete_is_200_and_the_record_is_gone(sim: Any) -> None:
    key = await sim.add()
    assert (await sim.delete(f"/assignments/{key}")).status_code == 200
    assert (await sim.get(f"/assignments/{key}")).status_code == 404
    items, _, _ = await sim.follow("/assignments?filter=date ge '2026-01-01'")
    assert items == []


@pytest.mark.rule("9.1-delete-bad")
async def test_delete_of_a_bad_id_is_400(sim: Any) -> None:
    for bad in ("abc", "1"):
        assert (await sim.delete(f"/assignments/{bad}")).status_code == 400


@pytest.mark.rule("4.1-400", "4.2-reasons", "9.1-minutes", "9.1-order")
@pytest.mark.parametrize(
    "changes",
    [
        {"startTimeInMinutes": -1441},
        {"endTimeInMinutes": 2881},
        {"startTimeInMinutes": 600, "endTimeInMinutes": 500},
        {"until": "2026-03-09"},
        {"breakDurationInMinutes": -1},
    ],
)
async def test_a_broken_rule_is_400_with_reasons(sim: Any, changes: dict[str, Any]) -> None:
    response = await sim.post("/assignments", sim.assignment(**changes))
    assert response.status_code == 400
    assert response.json()["error"]["reasons"]


@pytest.mark.rule("9.1-required", "9.1-types", "9.1-levels")
@pytest.mark.parametrize(
    "changes",
    [{"from": "10-03-2026"}, {"startTimeInMinutes": "480"}, {"comments": 1}, {"activityLevels": [{"level": 1}]},
     {"activityLevels": {}}, {"startTimeInMinutes": True}, {"from": None}],
)  # fmt: skip
async def test_a_wrong_type_is_a_model_error(sim: Any, changes: dict[str, Any]) -> None:
    response = await sim.post("/assignments", sim.assignment(**changes))
    assert response.status_code == 400
    assert response.json()["validationErrors"][0]["field"] == next(iter(changes))


@pytest.mark.rule("9.1-planning-flex")
async def test_planning_flex_closes_the_writes_or_all(sim: Any) -> None:
    key = await sim.add()
    sim.settings.planning_flex = "writes"
    assert (await sim.post("/assignments", sim.assignment())).status_code == 403
    assert (await sim.delete(f"/assignments/{key}")).status_code == 403
    assert (await sim.get(f"/assignments/{key}")).status_code == 200
    sim.settings.planning_flex = "all"
    assert (await sim.get(f"/assignments/{key}")).status_code == 403
    assert (await sim.get("/assignments?filter=date ge '2026-01-01'")).status_code == 403

from __future__ import annotations

from typing import Any

import pytest

DAY = "2026-03-03"


@pytest.mark.rule("9.2-body", "9.2-calculated")
async def test_a_clocking_reads_back_with_what_protime_adds(sim: Any) -> None:
    key = await sim.add("clockings", terminal={"externalReferences": {"SapTerminalCode": "SAPTO1"}})
    record = (await sim.get(f"/clockings/{key}")).json()
    assert record["terminal"] == {"id": 1}
    assert (record["status"], record["isGenerated"], record["calculatedTimeOfDayInMinutes"]) == (
        "Active",
        False,
        480,
    )


@pytest.mark.rule("9.2-geolocation")
async def test_numeric_strings_are_accepted_as_geolocation(sim: Any) -> None:
    key = await sim.add("clockings", geolocation={"longitude": "4.392225", "latitude": "51.144127"})
    record = (await sim.get(f"/clockings/{key}")).json()
    assert record["geolocation"] == {"longitude": 4.392225, "latitude": 51.144127}


@pytest.mark.rule("9.2-kinds", "9.2-minutes")
@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "Reason", "reason": {"id": 3}, "isOpen": True},
        {"kind": "Reason", "reason": {"externalReferences": {"@absence-code": "B"}}},
        {"kind": "Activity", "activityLevels": [
            {"level": 1, "activityDefinition": {"externalReferences": {"@data-entry-code": "00014"}}}]},
        {"kind": "ActivityEnd"},
        {"timeOfDayInMinutes": -1440},
        {"timeOfDayInMinutes": 2880},
    ],
)  # fmt: skip
async def test_every_kind_of_clocking_can_be_created(sim: Any, changes: dict[str, Any]) -> None:
    assert await sim.add("clockings", **changes)


@pytest.mark.rule("9.2-minutes", "9.2-only-for")
@pytest.mark.parametrize(
    "changes",
    [{"reason": {"id": 3}}, {"isOpen": True}, {"activityLevels": []}, {"timeOfDayInMinutes": 2881}],
)
async def test_properties_of_another_kind_are_400_with_reasons(sim: Any, changes: dict[str, Any]) -> None:
    response = await sim.post("/clockings", sim.clocking(**changes))
    assert response.status_code == 400
    assert response.json()["error"]["reasons"]


@pytest.mark.rule("9.2-kinds")
async def test_an_unknown_kind_is_a_model_error(sim: Any) -> None:
    response = await sim.post("/clockings", sim.clocking(kind="Lunch"))
    assert response.json()["validationErrors"][0]["field"] == "kind"


@pytest.mark.rule("11.2-fan-out")
async def test_a_clocking_recalculates_the_day_of_its_person(sim: Any) -> None:
    await sim.add("clockings", timeOfDayInMinutes=480)
    await sim.add("clockings", timeOfDayInMinutes=1020)
    for collection in ("calculated-totals", "paid-presences", "counters"):
        items, _, _ = await sim.follow(f"/{collection}?filter=date eq '{DAY}' and person eq 1")
        assert len(items) == 1, collection
    totals, _, _ = await sim.follow(f"/calculated-totals?filter=date eq '{DAY}'")
    assert totals[0]["timePresentDurationInMinutes"] == 540


@pytest.mark.rule("9.2-removal")
async def test_a_removed_clocking_stays_with_a_status_or_goes(sim: Any) -> None:
    kept, gone = await sim.add("clockings"), await sim.add("clockings", timeOfDayInMinutes=600)
    await sim.control("DELETE", f"/records/clockings/{kept}")
    sim.settings.clocking_removal = "delete"
    await sim.control("DELETE", f"/records/clockings/{gone}")
    assert (await sim.get(f"/clockings/{kept}")).json()["status"] == "Deleted"
    assert (await sim.get(f"/clockings/{gone}")).status_code == 404


@pytest.mark.rule("11.1-overnight")
async def test_an_evening_clocking_can_move_to_the_next_day(make_sim: Any) -> None:
    sim = await make_sim(overnight=True)
    key = await sim.add("clockings", timeOfDayInMinutes=1320)
    record = (await sim.get(f"/clockings/{key}")).json()
    assert (record["date"], record["timeOfDayInMinutes"]) == ("2026-03-04", -120)

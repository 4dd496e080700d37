from __future__ import annotations

import re
from typing import Any

import pytest

from tests.simulator.rules.reading import records
from tests.simulator.rules.shapes import strange

DEFINITIONS = ("shift-definitions", "absence-definitions", "counter-definitions", "break-definitions")
GROUPS = ("absence-groups", "counter-groups")
# What nothing is calculated from needs no clocking; the others come with one.
DAILY = (
    "calculated-totals",
    "paid-presences",
    "counters",
    "breaks",
    "work-interruptions",
    "activity-durations",
    "access-clockings",
)
HISTORIES = ("department", "employer", "job", "job-category", "sector", "work-location")


async def some(sim: Any, collection: str) -> list[dict[str, Any]]:
    """The records of a collection, all of them shaped as its page says."""
    found = await records(sim, collection)
    assert found, f"{collection} has no records"
    assert [(record["id"], name) for record in found for name in strange(collection, record)] == []
    return found


@pytest.mark.rule("9.1-optional", "9-absent")
async def test_an_assignment_needs_no_times_and_no_end(sim: Any) -> None:
    optional = ("until", "startTimeInMinutes", "endTimeInMinutes", "breakDurationInMinutes", "comments")
    key = await sim.add(**dict.fromkeys(optional))
    assert set((await sim.get(f"/assignments/{key}")).json()) & set(optional) == set()


@pytest.mark.rule("9.2-required")
async def test_a_clocking_needs_a_person_a_date_a_time_and_a_kind(sim: Any) -> None:
    missing = (await sim.post("/clockings", {})).json()["validationErrors"]
    assert {item["field"] for item in missing} == {"person", "date", "timeOfDayInMinutes", "kind"}


@pytest.mark.rule("9.3-properties")
async def test_people_are_shaped_as_on_their_page(make_sim: Any) -> None:
    found = await some(await make_sim(people=60), "people")
    assert len({person["badgeNumber"] for person in found}) == len(found)


@pytest.mark.rule("9.4-properties")
async def test_absences_are_shaped_as_on_their_page(sim: Any) -> None:
    for absence in await some(sim, "absences"):
        assert {"person", "date", "status", "approvalLevel"} <= set(absence)


@pytest.mark.rule("9.5-properties", "9.5-texts")
@pytest.mark.parametrize("collection", [*DEFINITIONS, *GROUPS])
async def test_definitions_are_shaped_as_on_their_pages(sim: Any, collection: str) -> None:
    for definition in await some(sim, collection):
        assert definition["name"]["default"]


@pytest.mark.rule("9.5-absence-groups")
async def test_an_absence_group_has_a_name_and_nothing_more(sim: Any) -> None:
    for group in await some(sim, "absence-groups"):
        assert set(group) == {"id", "changeVersion", "name"}


@pytest.mark.rule("9.6-daily")
@pytest.mark.parametrize("collection", DAILY)
async def test_daily_records_are_shaped_as_on_their_pages(sim: Any, collection: str) -> None:
    await sim.add("clockings")
    for record in await some(sim, collection):
        assert {"person", "date"} <= set(record)


@pytest.mark.rule("9.6-access-minutes")
async def test_access_clockings_lie_on_their_real_date(sim: Any) -> None:
    assert all(0 <= record["timeOfDayInMinutes"] <= 1439 for record in await some(sim, "access-clockings"))


@pytest.mark.rule("9.6-contracts")
async def test_a_contract_has_a_person_a_period_and_a_kind_and_no_date(sim: Any) -> None:
    for contract in await some(sim, "contracts"):
        assert {"person", "from", "kind"} <= set(contract)
        assert "date" not in contract


@pytest.mark.rule("9.7-histories")
@pytest.mark.parametrize("category", HISTORIES)
async def test_a_history_names_a_person_a_period_and_its_category(sim: Any, category: str) -> None:
    head, *rest = category.split("-")
    name = head + "".join(map(str.capitalize, rest))
    found = await records(sim, f"{category}-histories")
    assert found
    for record in found:
        assert set(record) == {"id", "changeVersion", "person", "from", "until", name}
    # Unlike elsewhere, what still holds has an `until` that is null.
    assert any(record["until"] is None for record in found)


@pytest.mark.rule("9.8-properties")
async def test_an_activity_definition_is_shaped_as_on_its_page(sim: Any) -> None:
    path = f"/activity-structure-versions/1/levels/1/activity-definitions/{sim.activity}"
    found = (await sim.get(path)).json()
    assert {"id", "level", "name", "dataEntryCode"} <= set(found)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found["id"])
    assert (found["level"], len(found["dataEntryCode"]) <= 16) == (1, True)


@pytest.mark.rule("11.3-shift")
async def test_calculated_totals_name_the_final_shift(sim: Any) -> None:
    await sim.add("clockings")
    shifts = {shift["id"] for shift in await some(sim, "shift-definitions")}
    assert {total["shiftDefinition"]["id"] for total in await some(sim, "calculated-totals")} <= shifts


@pytest.mark.rule("9.7-person")
async def test_the_history_of_one_person_can_be_read(sim: Any) -> None:
    found = (await sim.get("/people/2/job-histories")).json()["value"]
    assert found
    assert found == [one for one in await records(sim, "job-histories") if one["person"] == {"id": 2}]


@pytest.mark.rule("9.2-original")
async def test_a_corrected_clocking_keeps_the_time_that_was_clocked(sim: Any) -> None:
    key = await sim.add("clockings")
    seen = []
    for minutes in (480, 490, 500):
        await sim.control("POST", "/records/clockings", {"id": key, "timeOfDayInMinutes": minutes})
        seen.append((await sim.get(f"/clockings/{key}")).json().get("originalTimeOfDayInMinutes"))
    assert seen == [None, 480, 480]

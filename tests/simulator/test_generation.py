from __future__ import annotations

from typing import Any

import pytest

from simulator.collections.table import ROWS
from simulator.generation import GENERATED

DATED = [row.name for row in ROWS if row.date]


async def generated(sim: Any, **order: Any) -> list[dict[str, Any]]:
    """Make changes, and return the items of a delta over them."""
    name = order["collection"]
    start = (
        f"/{name}?delta" if name in ("people", "contracts") else f"/{name}?filter=date ge '2026-01-01'&delta"
    )
    _, link, _ = await sim.follow(start)
    assert (await sim.control("POST", "/generate", order)).status_code == 200
    items: list[dict[str, Any]] = (await sim.get(link)).json()["value"]
    return items


def test_changes_can_be_generated_for_all_dated_collections_people_and_contracts() -> None:
    assert set(GENERATED) == {*DATED, "people", "contracts"}


@pytest.mark.parametrize("collection", GENERATED)
async def test_every_generated_change_changes_the_record(sim: Any, collection: str) -> None:
    order = {"collection": collection, "resources": [900_001], "changes": 1}
    one = (await generated(sim, **order))[0]["data"]
    assert one["id"] == 900_001
    two = (await generated(sim, **{**order, "changes": 3}))[0]["data"]
    assert {**one, "changeVersion": ""} != {**two, "changeVersion": ""}
    assert two["changeVersion"] > one["changeVersion"]


async def test_a_requested_absence_is_approved_or_refused_and_requested_again(sim: Any) -> None:
    seen = []
    for number in range(1, 7):
        order = {"collection": "absences", "resources": [5], "changes": number}
        seen.append((await generated(sim, **order))[0]["data"])
    levels = [record["approvalLevel"] for record in seen]
    assert {"AwaitingApproval", "Approved"} <= set(levels) <= {"AwaitingApproval", "Approved", "NotApproved"}
    for record in seen:
        assert ("resultingAbsenceDefinition" in record) is (record["approvalLevel"] == "Approved")


async def test_a_changed_contract_stays_consistent(sim: Any) -> None:
    (item,) = await generated(sim, collection="contracts", resources=[1], changes=7)
    contract = item["data"]
    share = contract["contractHoursInMinutes"] / contract["fullTimeEquivalentInMinutes"]
    assert share == pytest.approx(contract["contractPercentage"] / 100, abs=0.001)


async def test_a_new_person_is_generated_as_a_person_of_their_own(sim: Any) -> None:
    (item,) = await generated(sim, collection="people", resources=[77], changes=1)
    assert (item["data"]["id"], item["data"]["employeeNumber"]) == (77, "5077")

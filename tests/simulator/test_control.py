from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest


async def test_settings_change_while_it_runs(sim: Any) -> None:
    changed = (await sim.control("PATCH", "/settings", {"page_size": 7})).json()
    assert changed["page_size"] == 7
    assert (await sim.control("GET", "/settings")).json() == changed


@pytest.mark.parametrize("body", [{"page_sice": 1}, {"page_size": "x"}, {"page_size": 5, "envelope": "box"}])
async def test_a_wrong_setting_changes_nothing(sim: Any, body: dict[str, Any]) -> None:
    before = (await sim.control("GET", "/settings")).json()
    assert (await sim.control("PATCH", "/settings", body)).status_code == 400
    assert (await sim.control("GET", "/settings")).json() == before


async def test_stats_count_calls_by_method_and_kind_of_route(sim: Any) -> None:
    key = await sim.add()
    await sim.get(f"/assignments/{key}")
    await sim.get("/assignments?filter=date ge '2026-01-01'")
    await sim.get("/delta/assignments?deltaToken=x")
    calls = (await sim.control("GET", "/stats")).json()["calls"]
    for kind in ("POST /assignments", "GET /assignments/{id}", "GET /assignments", "GET /delta/assignments"):
        assert calls[kind] == 1, kind


async def test_state_shows_records_and_tombstones(sim: Any) -> None:
    kept, gone = await sim.add(), await sim.add()
    await sim.delete(f"/assignments/{gone}")
    state = (await sim.control("GET", "/state/assignments")).json()
    record = (await sim.get(f"/assignments/{kept}")).json()
    assert state[str(kept)] == {"changeVersion": record["changeVersion"], "deleted": False, "record": record}
    assert (state[str(gone)]["deleted"], state[str(gone)]["record"]) == (True, None)


async def test_generate_makes_numbered_changes_over_new_records(sim: Any) -> None:
    order = {"collection": "assignments", "resources": [5, 6], "changes": 20, "seed": 3}
    done = (await sim.control("POST", "/generate", order)).json()
    assert (done["resources"], done["changes"]) == ([5, 6], 20)
    state = (await sim.control("GET", "/state/assignments")).json()
    assert max(state.values(), key=lambda entry: entry["changeVersion"])["record"]["comments"] == "change 20"


@pytest.mark.parametrize("collection", ["clockings", "counters"])
async def test_generate_works_on_other_dated_collections(sim: Any, collection: str) -> None:
    response = await sim.control("POST", "/generate", {"collection": collection, "count": 2, "changes": 4})
    assert response.status_code == 200
    assert len((await sim.control("GET", f"/state/{collection}")).json()) == 2


async def test_generate_can_be_paced(sim: Any) -> None:
    order = {"count": 1, "changes": 10, "per_second": 200}
    assert (await sim.control("POST", "/generate", order)).status_code == 202
    for _ in range(200):
        if (await sim.control("GET", "/stats")).json()["generating"] == 0:
            break
        await asyncio.sleep(0.01)
    (entry,) = (await sim.control("GET", "/state/assignments")).json().values()
    assert entry["record"]["comments"] == "change 10"


@pytest.mark.parametrize(
    "order",
    [
        {"collection": "departments"},
        {"changes": -1},
        {"per_second": 0},
        {"collection": "x"},
        {"changes": "x"},
        {"other": 1},
    ],
)
async def test_a_wrong_order_is_400(sim: Any, order: dict[str, Any]) -> None:
    assert (await sim.control("POST", "/generate", order)).status_code == 400


async def test_a_read_only_record_can_be_written_by_the_hidden_hand(sim: Any) -> None:
    body = {"person": {"id": 1}, "date": "2026-03-03", "status": "Manual"}
    made = (await sim.control("POST", "/records/absences", body)).json()
    await sim.control("POST", "/records/absences", {"id": made["id"], "status": "Auto"})
    record = (await sim.get(f"/absences/{made['id']}")).json()
    assert (record["status"], record["date"]) == ("Auto", "2026-03-03")
    assert (await sim.control("DELETE", f"/records/absences/{made['id']}")).status_code == 204
    assert (await sim.get(f"/absences/{made['id']}")).status_code == 404
    assert (await sim.control("POST", "/records/absences", {"status": "Auto"})).status_code == 400


async def test_the_same_seed_gives_the_same_tenant(make_sim: Any) -> None:
    one, two, other = await make_sim(), await make_sim(), await make_sim(seed=2)
    states = [(await made.control("GET", "/state/people")).json() for made in (one, two, other)]
    assert states[0] == states[1] != states[2]
    assert one.activity == two.activity != other.activity


async def test_an_activity_definition_that_is_made_by_hand_gets_an_id_of_its_kind(sim: Any) -> None:
    body = {"structureVersion": 1, "level": 1, "dataEntryCode": "00099"}
    answer = await sim.control("POST", "/records/activity-definitions", body)
    assert answer.status_code == 200
    assert uuid.UUID(answer.json()["id"])
    assert answer.json()["id"] in (await sim.control("GET", "/state/activity-definitions")).json()

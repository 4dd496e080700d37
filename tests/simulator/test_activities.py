from __future__ import annotations

from typing import Any

import pytest

BASE = "/activity-structure-versions/1/levels/1/activity-definitions"
LEVEL_2 = "/activity-structure-versions/1/levels/2/activity-definitions"
NEW = {"name": "Fishmonger", "dataEntryCode": "F1"}


async def made(sim: Any, base: str = BASE, **changes: Any) -> str:
    response = await sim.post(base, {**NEW, **changes})
    assert response.status_code == 201, response.text
    assert response.headers["Location"].startswith("/connector/protimeapi/api/v1" + base)
    return str(response.headers["Location"].rsplit("/", 1)[1])


async def test_a_created_definition_reads_back_and_is_listed(sim: Any) -> None:
    key = await made(sim, info="cold", activeFrom="2026-01-01", shortCode="FSH", externalReference="EXT")
    record = (await sim.get(f"{BASE}/{key}")).json()
    assert {"name": "Fishmonger", "level": 1, "structureVersion": 1, "info": "cold"}.items() <= record.items()
    assert record["canConfigureRestrictions"] is True
    assert key in [item["id"] for item in (await sim.get(BASE)).json()["value"]]
    assert (await sim.get(f"{BASE}/@external-reference%3DEXT")).json() == record


@pytest.mark.rule("9.8-code")
@pytest.mark.parametrize(
    "changes",
    [
        {"dataEntryCode": "x" * 17},
        {"dataEntryCode": "00010"},  # the seed's
        {"externalReference": "ACT-00010"},
        {"activeFrom": "2026-02-01", "activeUntil": "2026-01-01"},
        {"parent": {"id": "nowhere"}},
    ],
)
async def test_a_broken_rule_is_400_with_reasons(sim: Any, changes: dict[str, Any]) -> None:
    response = await sim.post(BASE, {**NEW, **changes})
    assert response.status_code == 400
    assert response.json()["error"]["reasons"]


@pytest.mark.rule("9.8-code")
async def test_sixteen_characters_are_allowed_and_another_level_may_use_a_code_again(sim: Any) -> None:
    await made(sim, dataEntryCode="x" * 16)
    await made(sim, LEVEL_2, dataEntryCode="x" * 16)


@pytest.mark.rule("9.8-code-required")
async def test_the_data_entry_code_is_required_or_made_or_left_out_by_a_switch(sim: Any) -> None:
    response = await sim.post(BASE, {"name": "Fishmonger"})
    assert response.status_code == 400
    assert response.json()["validationErrors"][0]["field"] == "dataEntryCode"
    sim.settings.data_entry_code = "automatic"
    key = await made(sim, dataEntryCode=None)
    assert (await sim.get(f"{BASE}/{key}")).json()["dataEntryCode"] == "00015"
    sim.settings.data_entry_code = "optional"
    key = await made(sim, dataEntryCode=None)
    assert "dataEntryCode" not in (await sim.get(f"{BASE}/{key}")).json()


@pytest.mark.rule("9.8-parent")
async def test_put_replaces_all_but_the_parent(sim: Any) -> None:
    parent = {"id": sim.activity}
    key = await made(sim, LEVEL_2, parent=parent, info="cold")
    assert (await sim.put(f"{LEVEL_2}/{key}", {**NEW, "name": "Butcher"})).status_code == 200
    record = (await sim.get(f"{LEVEL_2}/{key}")).json()
    assert (record["name"], record["parent"], "info" in record) == ("Butcher", parent, False)
    other = (await sim.get(BASE)).json()["value"][1]["id"]
    response = await sim.put(f"{LEVEL_2}/{key}", {**NEW, "parent": {"id": other}})
    assert response.json()["error"]["reasons"] == ["The parent cannot be changed"]
    assert (await sim.put(f"{LEVEL_2}/{key}", {**NEW, "parent": parent})).status_code == 200


async def test_a_parent_is_of_the_level_above(sim: Any) -> None:
    assert (await sim.post(BASE, {**NEW, "parent": {"id": sim.activity}})).status_code == 400


@pytest.mark.rule("5-upsert")
async def test_put_by_an_unknown_external_reference_creates(sim: Any) -> None:
    path = f"{BASE}/@external-reference%3DNEW"
    assert (await sim.put(path, NEW)).status_code == 201
    assert (await sim.put(path, {**NEW, "externalReference": "NEW"})).status_code == 200
    assert (await sim.get(path)).json()["name"] == "Fishmonger"
    assert (await sim.put(f"{BASE}/nowhere", NEW)).status_code == 404


async def test_a_deleted_definition_is_gone_and_one_with_children_stays(sim: Any) -> None:
    key = await made(sim, LEVEL_2, parent={"id": sim.activity})
    assert (await sim.delete(f"{BASE}/{sim.activity}")).status_code == 400
    assert (await sim.delete(f"{LEVEL_2}/{key}")).status_code == 204
    assert (await sim.get(f"{LEVEL_2}/{key}")).status_code == 404
    assert (await sim.delete(f"{BASE}/{sim.activity}")).status_code == 204


@pytest.mark.rule("9.8-write")
async def test_reading_and_writing_have_scopes_of_their_own(sim: Any) -> None:
    await sim.log_in("activity-definitions.read")
    assert (await sim.get(BASE)).status_code == 200
    usage = {"activityUsageKind": "Person", "usageReference": {"id": 1}, "from": "2026-01-01"}
    assert (await sim.post(BASE, NEW)).status_code == 403
    assert (await sim.post(f"{BASE}/{sim.activity}/usages", usage)).status_code == 403
    assert (await sim.put(f"{BASE}/{sim.activity}", NEW)).status_code == 403
    assert (await sim.delete(f"{BASE}/{sim.activity}")).status_code == 403
    await sim.log_in("activity-definitions.write")
    assert (await sim.get(BASE)).status_code == 403
    assert (await sim.post(BASE, NEW)).status_code == 201


def usage(**changes: Any) -> dict[str, Any]:
    return {"activityUsageKind": "Person", "usageReference": {"id": 1}, "from": "2026-01-01", **changes}


@pytest.mark.rule("9.8-usages")
async def test_a_usage_is_added_with_200_listed_and_deleted(sim: Any) -> None:
    path = f"{BASE}/{sim.activity}/usages"
    by_reference = usage(usageReference={"externalReferences": {"@employee-number": "5002"}}, until="")
    response = await sim.post(path, by_reference)
    assert response.status_code == 200
    expected = {"id": 1, **usage(usageReference={"id": 2})}
    assert response.json() == expected
    assert (await sim.get(path)).json() == {"value": [expected]}
    assert (await sim.delete(f"{path}/1")).status_code == 204
    assert (await sim.delete(f"{path}/1")).status_code == 404
    assert (await sim.get(path)).json() == {"value": []}


@pytest.mark.rule("9.8-overlap")
@pytest.mark.parametrize(
    ("second", "status"),
    [
        ({"from": "2026-02-01", "until": "2026-02-02"}, 400),
        ({"from": "2026-03-31"}, 400),  # the last day belongs to the period
        ({"from": "2026-04-01"}, 200),
        ({"from": "2025-01-01", "until": "2025-12-31"}, 200),
        ({"from": "2026-02-01", "usageReference": {"id": 2}}, 200),
        ({"from": "2026-02-01", "activityUsageKind": "Circle"}, 200),
    ],
)
async def test_usages_of_one_kind_and_reference_do_not_overlap(
    sim: Any, second: dict[str, Any], status: int
) -> None:
    path = f"{BASE}/{sim.activity}/usages"
    await sim.post(path, usage(until="2026-03-31"))
    assert (await sim.post(path, usage(**second))).status_code == status


@pytest.mark.parametrize(
    "changes",
    [
        {"activityUsageKind": "Crowd"},
        {"usageReference": {"id": 999}},
        {"usageReference": 1},
        {"usageReference": {"id": 999}, "activityUsageKind": "Group"},
        {"until": "2025-12-31"},
        {"from": None},
    ],
)
async def test_a_wrong_usage_is_400(sim: Any, changes: dict[str, Any]) -> None:
    assert (await sim.post(f"{BASE}/{sim.activity}/usages", usage(**changes))).status_code == 400


@pytest.mark.rule("3.6-expand")
async def test_usages_and_restrictions_appear_when_expanded(sim: Any) -> None:
    path = f"{BASE}/{sim.activity}"
    await sim.post(f"{path}/usages", usage())
    restriction = {"restrictionKind": "Circle", "restrictionReference": {"id": 3}}
    assert (await sim.put(f"{path}/restrictions", {"value": [restriction]})).status_code == 200
    plain = (await sim.get(path)).json()
    full = (await sim.get(f"{path}?expand=usage,restrictions")).json()
    assert full == {**plain, "usage": [{"id": 1, **usage()}], "restrictions": [restriction]}
    (listed,) = [
        i for i in (await sim.get(f"{BASE}?expand=usage")).json()["value"] if i["id"] == sim.activity
    ]
    assert listed == {**plain, "usage": [{"id": 1, **usage()}]}
    assert (await sim.get(f"{path}/restrictions")).json() == {"value": [restriction]}
    assert (await sim.get(f"{path}?expand=moon")).status_code == 400


@pytest.mark.parametrize("body", [{}, {"value": 1}, {"value": [{"restrictionKind": "Circle"}]}])
async def test_wrong_restrictions_are_400(sim: Any, body: Any) -> None:
    assert (await sim.put(f"{BASE}/{sim.activity}/restrictions", body)).status_code == 400

"""Writing against the stand-in of a Protime tenant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from tests.workers.protime.writable import Writable, writable
from workers.protime import (
    ASSIGNMENT,
    CLOCKING,
    Body,
    BodyRefused,
    Invalid,
    NotFound,
    PermissionDenied,
    Protime,
)

REFERENCES = {"people": "@employee-number", "activity-definitions": "@data-entry-code"}


@pytest.fixture
async def tenant() -> AsyncIterator[Writable]:
    async with writable() as made:
        yield made


def assignment(**changes: Any) -> dict[str, Any]:
    return {
        "person": {"externalReferences": {"@employee-number": "5001"}},
        "from": "2026-03-10",
        "until": "2026-03-10",
        "startTimeInMinutes": 480,
        "endTimeInMinutes": 1020,
        "breakDurationInMinutes": 30,
        "comments": "Morning shift",
        "activityLevels": [
            {"level": 1, "activityDefinition": {"externalReferences": {"@data-entry-code": "00014"}}}
        ],
        **changes,
    }


async def read(protime: Protime, number: int, collection: str = "assignments") -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode((await protime.get(collection, number)).body)
    return found


async def test_an_assignment_lives_from_creation_to_deletion(tenant: Writable) -> None:
    number = await tenant.client.create_assignment(assignment())
    before = await read(tenant.client, number)
    await tenant.client.change_assignment(number, {"startTimeInMinutes": 540})
    after = await read(tenant.client, number)
    assert after.pop("changeVersion") > before.pop("changeVersion")
    assert after == {**before, "startTimeInMinutes": 540}
    await tenant.client.delete_assignment(number)
    with pytest.raises(NotFound):
        await tenant.client.get("assignments", number)
    with pytest.raises(Invalid):
        await tenant.client.delete_assignment(number)


async def test_a_record_read_with_references_can_be_written_back(tenant: Writable) -> None:
    number = await tenant.client.create_assignment(assignment())
    found = msgspec.json.decode((await tenant.client.get("assignments", number, REFERENCES)).body)
    assert found["person"] == {"id": 1, "externalReferences": {"@employee-number": "5001"}}
    await tenant.client.update_assignment(number, ASSIGNMENT.changed(found, {"comments": "x"}))
    assert (await read(tenant.client, number))["person"] == {"id": 1}


async def test_two_changes_at_once_lose_neither(tenant: Writable) -> None:
    number = await tenant.client.create_assignment(assignment())
    await asyncio.gather(
        tenant.client.change_assignment(number, {"comments": "one"}),
        tenant.client.change_assignment(number, {"breakDurationInMinutes": 45}),
    )
    found = await read(tenant.client, number)
    assert (found["comments"], found["breakDurationInMinutes"]) == ("one", 45)


async def test_planning_flex_refuses_writes() -> None:
    async with writable(planning_flex="writes") as tenant:
        with pytest.raises(PermissionDenied, match="Planning Flex"):
            await tenant.client.create_assignment(assignment())


async def test_contradictory_references_are_for_protime_to_see(tenant: Writable) -> None:
    person = {"id": 2, "externalReferences": {"@employee-number": "5001"}}
    with pytest.raises(Invalid, match="contradictory"):
        await tenant.client.create_assignment(assignment(person=person))


@pytest.mark.parametrize(
    "more",
    [
        {"kind": "InOut", "terminal": {"externalReferences": {"SapTerminalCode": "SAPTO1"}}},
        {"kind": "InOut", "geolocation": {"longitude": "4.392225", "latitude": "51.144127"}},
        {"kind": "Reason", "reason": {"externalReferences": {"@absence-code": "B"}}, "isOpen": True},
        {"kind": "Activity", "activityLevels": assignment()["activityLevels"]},
        {"kind": "ActivityEnd"},
    ],
)
async def test_a_clocking_of_every_kind_is_created(tenant: Writable, more: dict[str, Any]) -> None:
    body = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, **more}
    found = await read(tenant.client, await tenant.client.create_clocking(body), "clockings")
    assert set(body) <= set(found)


@pytest.mark.parametrize(
    ("table", "body"),
    [
        (ASSIGNMENT, assignment(until="2026-03-09")),
        (ASSIGNMENT, assignment(endTimeInMinutes=479)),
        (ASSIGNMENT, assignment(person={})),
        (ASSIGNMENT, assignment(breakDurationInMinutes=-5)),
        (ASSIGNMENT, {**assignment(), "from": "2026-02-30"}),
        (ASSIGNMENT, assignment(activityLevels=[{"level": 1}])),
        (CLOCKING, {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 2881, "kind": "InOut"}),
        (
            CLOCKING,
            {
                "person": {"id": 1},
                "date": "2026-03-10",
                "timeOfDayInMinutes": 1,
                "kind": "InOut",
                "isOpen": True,
            },
        ),
    ],
)
async def test_what_we_refuse_protime_refuses_too(
    tenant: Writable, table: Body, body: dict[str, Any]
) -> None:
    with pytest.raises(BodyRefused):
        table.check(body)
    token = await tenant.client._transport._tokens.token()
    answer = await tenant.http.post(
        f"https://simulator/connector/protimeapi/api/v1/{table.collection}",
        json=body,
        headers={"Authorization": f"Bearer {token}", "User-Agent": "Tests/v1 (Shiftwire)"},
    )
    assert answer.status_code == 400

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest

from tests.workers.protime.tenant.tenants import Start, Tenant
from workers.protime import ASSIGNMENT, CLOCKING, Body, BodyRefused, Invalid, NotFound, PermissionDenied

REFERENCES = {"people": "@employee-number", "activity-definitions": "@data-entry-code"}
LEVELS = [{"level": 1, "activityDefinition": {"externalReferences": {"@data-entry-code": "00014"}}}]
DAY = "2026-03-10"
CLOCKED = {"person": {"id": 1}, "date": DAY, "timeOfDayInMinutes": 480}


@asynccontextmanager
async def created(tenant: Tenant, **changes: Any) -> AsyncIterator[int]:
    """An assignment that is gone afterwards, whatever happens."""
    number = await tenant.protime.create_assignment(tenant.assignment(**changes))
    try:
        yield number
    finally:
        with suppress(Invalid):  # the test may have deleted it
            await tenant.protime.delete_assignment(number)


@pytest.mark.rule("5-create", "5-gone", "5-reference-by-id", "9.1-delete-bad", "5-update")
@pytest.mark.writes
async def test_an_assignment_lives_from_creation_to_deletion(tenant: Tenant) -> None:
    async with created(tenant) as number:
        before = await tenant.read(number)
        await tenant.protime.change_assignment(number, {"startTimeInMinutes": 540})
        after = await tenant.read(number)
        assert after.pop("changeVersion") > before.pop("changeVersion")
        assert after == {**before, "startTimeInMinutes": 540}
        await tenant.protime.delete_assignment(number)
        with pytest.raises(NotFound):
            await tenant.protime.get("assignments", number)
        with pytest.raises(Invalid):
            await tenant.protime.delete_assignment(number)


@pytest.mark.rule("5-omitted")
@pytest.mark.writes
async def test_a_property_left_out_of_a_put_is_cleared(tenant: Tenant) -> None:
    async with created(tenant) as number:
        body = {n: v for n, v in tenant.assignment().items() if n != "comments"}
        await tenant.protime.update_assignment(number, body)
        assert not (await tenant.read(number)).get("comments")


@pytest.mark.rule("5-reference-by-name", "5-complete")
@pytest.mark.simulated
async def test_a_record_read_with_references_can_be_written_back(tenant: Tenant) -> None:
    person = {"externalReferences": {"@employee-number": "5001"}}
    number = await tenant.protime.create_assignment(tenant.assignment(person=person))
    found = msgspec.json.decode((await tenant.protime.get("assignments", number, REFERENCES)).body)
    assert found["person"] == {"id": 1, **person}
    await tenant.protime.update_assignment(number, ASSIGNMENT.changed(found, {"comments": "x"}))
    assert (await tenant.read(number))["person"] == {"id": 1}


@pytest.mark.rule("1.4-if-match")
@pytest.mark.writes
async def test_two_changes_at_once_lose_neither(tenant: Tenant) -> None:
    async with created(tenant) as number:
        await asyncio.gather(
            tenant.protime.change_assignment(number, {"comments": "one"}),
            tenant.protime.change_assignment(number, {"breakDurationInMinutes": 45}),
        )
        found = await tenant.read(number)
    assert (found["comments"], found["breakDurationInMinutes"]) == ("one", 45)


@pytest.mark.rule("9.1-planning-flex")
@pytest.mark.simulated
async def test_planning_flex_refuses_writes(start: Start) -> None:
    async with start(planning_flex="writes") as tenant:
        with pytest.raises(PermissionDenied, match="Planning Flex"):
            await tenant.protime.create_assignment(tenant.assignment())


@pytest.mark.rule("5-contradiction")
@pytest.mark.simulated
async def test_contradictory_references_are_for_protime_to_see(tenant: Tenant) -> None:
    person = {"id": 2, "externalReferences": {"@employee-number": "5001"}}
    with pytest.raises(Invalid, match="contradictory"):
        await tenant.protime.create_assignment(tenant.assignment(person=person))


@pytest.mark.rule("5-dangling")
@pytest.mark.writes
async def test_a_reference_to_nothing_is_told_with_its_reason(tenant: Tenant) -> None:
    with pytest.raises(Invalid) as caught:
        await tenant.protime.create_assignment(tenant.assignment(person={"id": 2_000_000_000}))
    assert (caught.value.status, bool(caught.value.reasons)) == (400, True)


# A clocking cannot be deleted by the API, so none is left at a real tenant.
@pytest.mark.rule("9.2-body", "9.2-geolocation", "9.2-kinds")
@pytest.mark.simulated
@pytest.mark.parametrize(
    "more",
    [
        {"kind": "InOut", "terminal": {"externalReferences": {"SapTerminalCode": "SAPTO1"}}},
        {"kind": "InOut", "geolocation": {"longitude": "4.392225", "latitude": "51.144127"}},
        {"kind": "Reason", "reason": {"externalReferences": {"@absence-code": "B"}}, "isOpen": True},
        {"kind": "Activity", "activityLevels": LEVELS},
        {"kind": "ActivityEnd"},
    ],
)
async def test_a_clocking_of_every_kind_is_created(tenant: Tenant, more: dict[str, Any]) -> None:
    body = {**CLOCKED, **more}
    found = await tenant.read(await tenant.protime.create_clocking(body), "clockings")
    assert set(body) <= set(found)


@pytest.mark.rule("9.1-levels", "9.1-order", "9.1-required", "9.1-minutes", "9.2-minutes", "9.2-only-for")
@pytest.mark.writes
@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (ASSIGNMENT, {"until": "2026-03-09"}),
        (ASSIGNMENT, {"endTimeInMinutes": 479}),
        (ASSIGNMENT, {"person": {}}),
        (ASSIGNMENT, {"breakDurationInMinutes": -5}),
        (ASSIGNMENT, {"from": "2026-02-30"}),
        (ASSIGNMENT, {"activityLevels": [{"level": 1}]}),
        # Should a tenant take one of these after all, it could not be deleted.
        pytest.param(CLOCKING, {"timeOfDayInMinutes": 2881}, marks=pytest.mark.simulated),
        pytest.param(CLOCKING, {"isOpen": True}, marks=pytest.mark.simulated),
    ],
)
async def test_what_we_refuse_protime_refuses_too(
    tenant: Tenant, table: Body, changes: dict[str, Any]
) -> None:
    whole = tenant.assignment() if table is ASSIGNMENT else {**CLOCKED, "kind": "InOut"}
    body = {**whole, **changes}
    with pytest.raises(BodyRefused):
        table.check(body)
    answer = await tenant.raw("POST", f"/{table.collection}", body)
    if answer.status_code == 201:
        await tenant.protime.delete_assignment(int(answer.headers["Location"].rpartition("/")[2]))
    assert answer.status_code == 400


@pytest.mark.rule("9.1-order")
@pytest.mark.writes
@pytest.mark.parametrize(
    "changes", [{"until": "2026-03-09"}, {"endTimeInMinutes": 479}, {"breakDurationInMinutes": -5}]
)
async def test_what_we_refuse_in_an_update_protime_refuses_too(
    tenant: Tenant, changes: dict[str, Any]
) -> None:
    async with created(tenant) as number:
        before = await tenant.read(number)
        with pytest.raises(BodyRefused):
            await tenant.protime.change_assignment(number, changes)
        answer = await tenant.raw("PUT", f"/assignments/{number}", {**tenant.assignment(), **changes})
        assert answer.status_code == 400
        assert await tenant.read(number) == before

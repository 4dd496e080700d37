from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest

from simulator.collections.table import ROWS, TABLE
from simulator.settings import Settings
from simulator.tenant import Tenant
from tests.simulator.conftest import NOON

TODAY = "2026-03-04"
#: What a seeded record of each collection must have, besides id and changeVersion.
SHAPES: dict[str, set[str]] = {
    "absence-definitions": {"name", "code", "friendlyName", "friendlyCode", "allowedDurations", "isEnabled",
                            "isReasonForClocking", "absenceGroup"},
    "absence-groups": {"name"},
    "absences": {"person", "date", "requestedAbsenceDefinition", "status", "approvalLevel", "isLocked", "periodType",
                 "durationInMinutes", "calculatedDurationInMinutes"},
    "access-clockings": {"person", "date", "timeOfDayInMinutes", "terminal", "status"},
    "activity-durations": {"person", "date", "durationInMinutes", "activityLevels", "counterDefinitions", "status",
                           "isAuthorized"},
    "assignments": {"person", "from", "until", "startTimeInMinutes", "endTimeInMinutes", "activityLevels",
                    "breakDurationInMinutes", "isRejected"},
    "break-definitions": {"name", "friendlyName", "paidDurationInMinutes", "minimumDurationInMinutes",
                          "maximumDurationInMinutes", "ifNotClockedDurationInMinutes", "hasToBeTakenUninterrupted"},
    "breaks": {"person", "date", "breakDefinition", "calculatedDurationInMinutes", "clockedDurationInMinutes",
               "startTimeInMinutes", "endTimeInMinutes", "isBreakTaken"},
    "calculated-totals": {"person", "date", "normalTimeDurationInMinutes", "timePresentDurationInMinutes",
                          "calculatedPresenceDurationInMinutes", "weeklyHours1DurationInMinutes",
                          "payPeriodHoursDurationInMinutes", "flextimeDurationInMinutes", "flextimeBalanceInMinutes",
                          "shiftDefinition"},
    "clockings": {"person", "date", "timeOfDayInMinutes", "calculatedTimeOfDayInMinutes", "kind", "status",
                  "isGenerated"},
    "contracts": {"person", "code", "from", "contractHoursInMinutes", "fullTimeEquivalentInMinutes", "kind",
                  "contractPercentage", "numberOfWorkingDaysPerWeek", "numberOfDaysInContractPeriod"},
    "counter-definitions": {"name", "code", "friendlyName", "friendlyCode", "isEnabled", "counterGroup", "unit"},
    "counter-groups": {"name"},
    "counters": {"person", "date", "status", "isAuthorized", "periodType", "counterDefinition", "durationInMinutes"},
    "paid-presences": {"person", "date", "durationInMinutes"},
    "people": {"lastName", "firstName", "countryISOCode", "sex", "birthDate", "badgeNumber", "employeeNumber"},
    "shift-definitions": {"name", "code", "friendlyName", "isEnabled"},
    "work-interruptions": {"person", "date", "durationInMinutes", "startTimeInMinutes", "endTimeInMinutes"},
}  # fmt: skip
STATUS = {"AccessOk", "AccessRefused", "WrongPinCode"}
LEVELS = {"AwaitingApproval", "Approved", "NotApproved"}


def seeded(**settings: Any) -> Tenant:
    return Tenant(Settings(**{"seeded_days": 14, "seeded_planning": True, **settings}), lambda: NOON)


def records(tenant: Tenant, collection: str) -> list[dict[str, Any]]:
    return list(tenant.store.shelves[collection].live())


@pytest.mark.rule("9.6-daily")
def test_every_collection_of_a_seeded_tenant_has_records() -> None:
    tenant = seeded()
    assert {row.name for row in ROWS if row.webhook} == set(SHAPES)
    assert [row.name for row in ROWS if not records(tenant, row.name)] == []


@pytest.mark.rule("9.6-daily")
@pytest.mark.parametrize("collection", SHAPES)
def test_seeded_records_have_the_shape_of_their_collection(collection: str) -> None:
    for record in records(seeded(), collection):
        assert SHAPES[collection] <= set(record), record


def test_seeded_days_end_today_and_none_is_a_weekend() -> None:
    tenant = seeded()
    for row in (row for row in ROWS if row.date):
        days = {record[row.date or ""] for record in records(tenant, row.name)}
        assert min(days) >= "2026-02-19"
        assert max(days) <= TODAY
        assert all(date.fromisoformat(day).weekday() < 5 for day in days)


def test_absences_differ_in_approval_and_access_in_outcome() -> None:
    tenant = seeded(seeded_days=60)
    assert {record["approvalLevel"] for record in records(tenant, "absences")} == LEVELS
    assert {record["status"] for record in records(tenant, "access-clockings")} == STATUS
    assert all(0 <= record["timeOfDayInMinutes"] < 1440 for record in records(tenant, "access-clockings"))


def test_who_is_absent_neither_works_nor_comes_in() -> None:
    tenant = seeded()
    absent = {(record["person"]["id"], record["date"]) for record in records(tenant, "absences")}
    for collection in ("clockings", "breaks", "access-clockings", "calculated-totals"):
        assert absent.isdisjoint((r["person"]["id"], r["date"]) for r in records(tenant, collection))


def test_totals_follow_from_the_clockings() -> None:
    tenant = seeded()
    times: dict[Any, list[int]] = {}
    for clocking in records(tenant, "clockings"):
        times.setdefault((clocking["person"]["id"], clocking["date"]), []).append(
            clocking["timeOfDayInMinutes"]
        )
    for total in records(tenant, "calculated-totals"):
        begin, end = times[total["person"]["id"], total["date"]]
        assert total["timePresentDurationInMinutes"] == end - begin


def test_references_lead_to_something() -> None:
    tenant = seeded()
    for record in records(tenant, "absences"):
        assert tenant.store.get("absence-definitions", record["requestedAbsenceDefinition"]["id"])
    for record in records(tenant, "activity-durations"):
        assert tenant.store.get(
            "activity-definitions", record["activityLevels"][0]["activityDefinition"]["id"]
        )


def test_the_planning_is_empty_unless_it_is_asked_for() -> None:
    tenant = Tenant(Settings(), lambda: NOON)
    for collection in ("assignments", "clockings", "calculated-totals", "paid-presences", "counters"):
        assert records(tenant, collection) == []
    assert records(tenant, "absences")
    assert not records(Tenant(Settings(seeded_days=0), lambda: NOON), "breaks")


def test_a_large_tenant_starts_as_fast_as_a_small_one() -> None:
    def seconds(people: int) -> float:
        begun = time.process_time()
        Tenant(Settings(people=people), lambda: NOON)
        return time.process_time() - begun

    dated = [row.name for row in ROWS if row.date]
    small, large = (Tenant(Settings(people=n), lambda: NOON) for n in (50, 1000))
    assert [len(records(small, name)) for name in dated] == [len(records(large, name)) for name in dated]
    assert min(seconds(50) for _ in range(3)) < 0.5


@pytest.mark.rule("9.7-person")
async def test_history_of_one_person_is_null_until_while_active(sim: Any) -> None:
    for category in ("department", "employer", "job", "job-category", "sector", "work-location"):
        items = (await sim.get(f"/people/4/{category}-histories")).json()["value"]
        past, present = items
        assert all(item["person"] == {"id": 4} for item in items)
        assert past["until"] < present["from"]
        assert present["until"] is None
        everybody, _, _ = await sim.follow(f"/{category}-histories")
        assert [item for item in everybody if item["person"] == {"id": 4}] == items
    assert present["workLocation"] == {"id": 1}


@pytest.mark.rule("9.7-person")
async def test_a_history_needs_a_person_a_category_and_a_scope(sim: Any) -> None:
    by_reference = await sim.get("/people/@employee-number%3D5004/job-histories")
    assert by_reference.json() == (await sim.get("/people/4/job-histories")).json()
    assert (await sim.get("/people/99999/job-histories")).status_code == 404
    assert (await sim.get("/people/4/moon-histories")).status_code == 404
    await sim.log_in("assignments.read")
    assert (await sim.get("/people/4/job-histories")).status_code == 403


def test_the_table_knows_every_seeded_collection() -> None:
    assert set(SHAPES) <= set(TABLE)

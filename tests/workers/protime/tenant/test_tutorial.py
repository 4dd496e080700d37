"""Protime's tutorial and the examples of its pages, each as a whole and in its order, at a tenant that has their ids."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import msgspec
import pytest

from tests.workers.protime.tenant.tenants import Start, Tenant
from tests.workers.protime.write_examples import CREATED, GUID, RECORD, SECOND, TUTORIAL, UPDATED, WRITES
from workers.protime import NotFound, ProtimeError, date_window, field

pytestmark = pytest.mark.simulated

CODED = "6a9b0c1e-3c58-4d0e-9d4e-1f6f6c4c3d10"
#: What the pages refer to: none of it is in a new tenant.
REFERRED: list[tuple[str, dict[str, Any]]] = [
    ("people", {"id": 1234, "lastName": "Page"}),
    ("people", {"id": 76547, "lastName": "Page"}),
    ("people", {"id": 4001, "lastName": "Page", "employeeNumber": "5678", "badgeNumber": "1955"}),
    ("people", {"id": 4002, "lastName": "Page", "employeeNumber": "01256"}),
    ("terminals", {"id": 765}),
    ("absence-definitions", {"id": 6578, "code": "P", "isReasonForClocking": True}),
    (
        "activity-definitions",
        {"id": CODED, "structureVersion": 1, "level": 2, "name": "Page", "dataEntryCode": "10019"},
    ),
    *(
        ("activity-definitions", {"id": id_, "structureVersion": 1, "level": level, "name": "Page"})
        for level, id_ in ((1, GUID), (2, SECOND), (1, TUTORIAL))
    ),
]
JANUARY = field("date").between("2025-01-01", "2025-01-31")


@pytest.fixture
async def tenant(start: Start) -> AsyncIterator[Tenant]:
    async with start(page_size=2) as running:
        for number in await running.truth("assignments"):
            await running.remove("assignments", int(number))
        for collection, record in REFERRED:
            await running.put(collection, record)
        yield running


def seen(record: dict[str, Any]) -> dict[str, Any]:
    """What was written, as it is read."""
    return {
        name: value for name, value in record.items() if name not in ("id", "changeVersion", "isRejected")
    }


@pytest.mark.rule("5-create", "5-update", "5-delete", "5-gone", "6.1-bare", "6.1-wrapped", "6.1-last-page")
async def test_the_first_assignment_integration_from_its_first_step_to_its_last(tenant: Tenant) -> None:
    protime, since = tenant.protime, field("date").ge("2026-01-01")
    # 1 and 2: the token has both scopes, and the assignment is created.
    number = await protime.create_assignment(CREATED)
    assert tenant.tokens.missing_scopes == frozenset()
    # 3: read by its id.
    first = await tenant.read(number)
    assert first == {**RECORD, "id": number, "changeVersion": first["changeVersion"]}
    # With what else its people are known by, and in the list of its day.
    named = await protime.get("assignments", number, {"people": "@employee-number"})
    assert msgspec.json.decode(named.body)["person"] == {
        "id": 1,
        "externalReferences": {"@employee-number": "5001"},
    }
    assert [r["id"] for r in await tenant.listed("assignments", since)] == [number]
    # 4: updated as a whole, and read again.
    await protime.update_assignment(number, UPDATED)
    second = await tenant.read(number)
    assert seen(second) == UPDATED
    assert second["changeVersion"] > first["changeVersion"]
    # 6, begun before step 5, so that the deletion comes as a change: every page up to the one with the deltaLink.
    pages = await tenant.started("assignments", since)
    assert [page.delta_link != "" for page in pages] == [False] * (len(pages) - 1) + [True]
    assert [bytes(item.data) for page in pages for item in page.items] == [
        (await protime.get("assignments", number)).body
    ]
    # 5: deleted, and gone.
    await protime.delete_assignment(number)
    with pytest.raises(NotFound):
        await protime.get("assignments", number)
    assert await tenant.listed("assignments", since) == []
    changes = await protime.delta_pull(pages[-1].delta_link)
    assert [(item.change_type, msgspec.json.decode(item.data)["id"]) for item in changes.items] == [
        ("Delete", number)
    ]
    # And once more with the new link, which brings nothing.
    assert (await protime.delta_pull(changes.delta_link)).items == []


@pytest.mark.rule("5-create", "5-reference-by-id", "5-reference-by-name", "9.2-kinds", "9.2-body")
@pytest.mark.parametrize(
    "example", [e for e in WRITES if e.command[1] == "create"], ids=lambda example: example.name
)
async def test_every_creation_of_the_pages_is_taken_read_listed_and_gone_where_it_can_go(
    tenant: Tenant, example: Any
) -> None:
    collection, body = example.command[0], example.body
    number = await tenant.protime.create(collection, body)
    found = await tenant.read(number, collection)
    assert set(body) <= set(found)
    day = body.get("date") or body["from"]
    person = found["person"]["id"]
    filter_ = field("person").is_in(person) & field("date").between(day, day)
    assert [record["id"] for record in await tenant.listed(collection, filter_)] == [number]
    # By an external reference: the person of the record by the name it was written with.
    for name, value in body["person"].get("externalReferences", {}).items():
        again = await tenant.protime.get(collection, number, {"people": name})
        assert msgspec.json.decode(again.body)["person"]["externalReferences"] == {name: value}
        by_name = await tenant.protime.get("people", f"{name}={value}")
        assert by_name.head.id == person
    if collection == "clockings":
        return
    changed = await tenant.protime.change_assignment(number, {"comments": "changed"})
    assert changed["comments"] == (await tenant.read(number))["comments"] == "changed"
    await tenant.protime.delete_assignment(number)
    with pytest.raises(NotFound):
        await tenant.protime.get(collection, number)
    with pytest.raises(ProtimeError):
        await tenant.protime.delete_assignment(number)
    with pytest.raises(NotFound):
        await tenant.protime.update_assignment(number, body)


@pytest.mark.rule("3.7-pairs", "3.2-named-sets")
async def test_every_list_of_the_page_of_assignments(tenant: Tenant) -> None:
    person = {"externalReferences": {"@employee-number": "5678"}}
    body = {**CREATED, "from": "2025-01-15", "until": "2025-01-15", "person": person}
    number = await tenant.protime.create_assignment(body)
    references = [("people", "@employee-number"), ("activity-definitions", "@data-entry-code")]
    asked: list[tuple[Any, Any, bool]] = [
        (JANUARY, None, True),
        (JANUARY, references[:1], True),
        (field("person").is_in(1, 2, 3) & JANUARY, None, False),
        (field("person").is_in(4001, 2, 3) & JANUARY, None, True),
        (field("person").in_set("org-group", 200, 201) & JANUARY, None, False),
        (field("person").is_in(4001) & JANUARY, references, True),
        (date_window(date(2026, 1, 1)), None, False),
    ]
    for where, wanted, there in asked:
        found = await tenant.listed("assignments", where, wanted)
        assert [record["id"] for record in found] == [number] * there, str(where)
        for record in found if wanted else ():
            assert record["person"] == {"id": 4001, **person}

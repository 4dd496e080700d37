from __future__ import annotations

import base64
from typing import Any

import pytest

from simulator.collections.table import ROWS


@pytest.mark.rule("3.4-envelope", "3.4-end", "3.4-relative", "3.4-unencoded", "3.4-token", "3.6-order")
async def test_a_list_is_paged_by_relative_unencoded_links(make_sim: Any) -> None:
    sim = await make_sim(page_size=2)
    ids = [await sim.add() for _ in range(5)]
    page = (await sim.get("/assignments?filter=date ge '2026-01-01'")).json()
    start = "/connector/protimeapi/api/v1/assignments?filter=date ge '2026-01-01'&continuationToken="
    assert page["nextLink"].startswith(start)
    assert base64.b64decode(page["nextLink"].removeprefix(start)).startswith(b'{"validat')
    items, _, pages = await sim.follow("/assignments?filter=date ge '2026-01-01'")
    assert ([item["id"] for item in items], pages) == (ids, 3)


@pytest.mark.rule("3.4-empty-pages")
async def test_empty_pages_stand_between_pages(make_sim: Any) -> None:
    sim = await make_sim(page_size=2, empty_pages=2)
    for _ in range(5):
        await sim.add()
    items, _, pages = await sim.follow("/assignments?filter=date ge '2026-01-01'")
    assert (len(items), pages) == (5, 3 + 2 * 2)


@pytest.mark.rule("3.4-expired")
async def test_a_continuation_token_expires_with_409(make_sim: Any) -> None:
    sim = await make_sim(page_size=1)
    await sim.add()
    await sim.add()
    link = (await sim.get("/assignments?filter=date ge '2026-01-01'")).json()["nextLink"]
    sim.clock.now += 901
    response = await sim.get(link)
    assert (response.status_code, response.json()["error"]["code"]) == (409, "Conflict")


@pytest.mark.rule("3.4-as-given", "3.4-expired")
async def test_a_continuation_token_belongs_to_its_query(make_sim: Any) -> None:
    sim = await make_sim(page_size=1)
    await sim.add()
    await sim.add()
    link = (await sim.get("/assignments?filter=date ge '2026-01-01'")).json()["nextLink"]
    assert (await sim.get(link.replace("2026-01-01", "2026-01-02"))).status_code == 409
    assert (await sim.get("/people?continuationToken=nonsense")).status_code == 409


@pytest.mark.rule("3.5-token-counts")
async def test_a_growing_token_leads_to_414_on_page_two(make_sim: Any) -> None:
    sim = await make_sim(page_size=1, continuation_padding=4000)
    await sim.add()
    await sim.add()
    link = (await sim.get("/assignments?filter=date ge '2026-01-01'")).json()["nextLink"]
    assert (await sim.get(link)).status_code == 414


@pytest.mark.rule("3.1-required")
async def test_a_required_filter_must_be_there(sim: Any) -> None:
    assert (await sim.get("/assignments")).status_code == 400
    assert (await sim.get("/clockings?filter=person eq 1")).status_code == 400


@pytest.mark.rule("3.2-named-sets")
async def test_named_sets_select_people(sim: Any) -> None:
    for person in (1, 2, 3):
        await sim.add(person={"id": person})
    items, _, _ = await sim.follow("/assignments?filter=person in org-group (200) and date ge '2026-01-01'")
    assert [item["person"]["id"] for item in items] == [2]


@pytest.mark.rule("3.1-without")
async def test_every_listed_collection_can_be_read(sim: Any) -> None:
    for row in ROWS:
        needed = any(field.required for field in row.filters.values())
        path = f"/{row.name}" + ("?filter=date ge '2026-01-01'" if needed else "")
        assert (await sim.get(path)).status_code == (200 if row.listed else 404), row.name


@pytest.mark.rule("3.8-by-reference", "9.8-path")
async def test_activity_definitions_are_found_by_id_and_by_reference(sim: Any) -> None:
    base = "/activity-structure-versions/1/levels/1/activity-definitions"
    first = (await sim.get(f"{base}/{sim.activity}")).json()
    by_code = (await sim.get(f"{base}/@data-entry-code%3D{first['dataEntryCode']}")).json()
    assert first == by_code
    other = f"/activity-structure-versions/1/levels/2/activity-definitions/{sim.activity}"
    assert (await sim.get(other)).status_code == 404


@pytest.mark.rule("3.8-by-reference")
async def test_people_are_found_by_reference(sim: Any) -> None:
    assert (await sim.get("/people/@employee-number%3D5001")).json()["id"] == 1

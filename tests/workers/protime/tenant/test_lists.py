from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from tests.workers.protime.tenant.tenants import READABLE, TODAY, Start, Tenant
from workers.protime import Conflict, Invalid, NotFound, Page, UriTooLong, date_window, field


@pytest.mark.rule("3.1-without")
@pytest.mark.parametrize("collection", READABLE)
async def test_every_collection_of_the_table_can_be_listed(tenant: Tenant, collection: str) -> None:
    for record in (await tenant.listed(collection, tenant.window(collection)))[:3]:
        assert record["id"]


@pytest.mark.rule("3.4-empty-pages")
@pytest.mark.simulated
async def test_a_list_reads_all_pages_through_empty_ones(start: Start) -> None:
    async with start(page_size=7, empty_pages=2) as tenant:
        pages = [page async for page in tenant.protime.list("assignments", date_window(date(2000, 1, 1)))]
        found = [msgspec.json.decode(raw)["id"] for page in pages for raw in page.items]
        assert any(not page.items for page in pages)
        assert sorted(map(str, found)) == sorted(await tenant.truth("assignments"))
        assert len(set(found)) == len(found) > 7


@pytest.mark.rule("3.3-assignments-from")
@pytest.mark.simulated
async def test_filters_mean_what_they_say(tenant: Tenant) -> None:
    since = tenant.since
    assignment = await tenant.an_assignment()
    for day in (since - timedelta(days=1), since, TODAY + timedelta(days=1)):
        await tenant.put("assignments", {**assignment, "id": None, "person": {"id": 3}, "from": str(day)})
    window = field("date").between(since, TODAY)
    everything = await tenant.listed("assignments", window)
    assert {record["from"] for record in everything} == {str(since), str(TODAY)}
    mine = await tenant.listed("assignments", field("person").is_in(1, 2) & window)
    assert mine == [record for record in everything if record["person"]["id"] in (1, 2)]
    assert 0 < len(mine) < len(everything)


@pytest.mark.rule("3.3-assignments-from", "3.3-person")
async def test_a_list_keeps_to_its_window_and_its_person(tenant: Tenant) -> None:
    person = (await tenant.an_assignment())["person"]["id"]
    window = field("date").between(tenant.since, TODAY)
    everything = await tenant.listed("assignments", window)
    assert all(str(tenant.since) <= record["from"] <= str(TODAY) for record in everything)
    mine = await tenant.listed("assignments", field("person").is_in(person) & window)
    by_id = {record["id"] for record in everything if record["person"]["id"] == person}
    assert {record["id"] for record in mine} == by_id


@pytest.mark.rule(
    "3.1-required", "3.1-unknown-field", "3.1-malformed", "3.2-operators", "3.2-or", "3.2-dates"
)
@pytest.mark.parametrize(
    "where",
    [
        "person eq 1",
        "date ge '2026-01-01' and colour eq 1",
        "date gt '2026-01-01'",
        "date ge 20260101",
        "date ge '2026-01-01' or person eq 1",
    ],
)
async def test_a_filter_that_the_client_refuses_protime_refuses_too(tenant: Tenant, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        await tenant.listed("assignments", where)
    assert caught.value.status is None
    assert (await tenant.raw("GET", f"/assignments?filter={where}")).status_code == 400


@pytest.mark.rule("3.5-split")
async def test_a_list_of_people_too_long_for_a_url_finds_them_all(tenant: Tenant) -> None:
    numbers = range(1, 2000)
    many = field("person").is_in(*numbers) & field("date").between(tenant.since)
    found = await tenant.listed("assignments", many)
    assert found == await tenant.listed("assignments", str(many))
    everything = await tenant.listed("assignments", date_window(tenant.since))
    theirs = [record["id"] for record in everything if record["person"]["id"] in numbers]
    assert sorted(record["id"] for record in found) == sorted(theirs)


@pytest.mark.rule("3.7-beside", "3.7-where", "3.7-pairs")
async def test_external_references_come_beside_the_ids(tenant: Tenant) -> None:
    first = await tenant.an_assignment({"people": "@employee-number"})
    assert first["person"]["externalReferences"]["@employee-number"]
    one = await tenant.protime.get("assignments", first["id"], [("people", "@employee-number")])
    assert msgspec.json.decode(one.body)["person"] == first["person"]


@pytest.mark.rule("3.8-by-id", "7-present")
async def test_one_resource_is_read_with_its_version(tenant: Tenant) -> None:
    first = await tenant.an_assignment()
    found = await tenant.protime.get("assignments", first["id"])
    assert (msgspec.json.decode(found.body)["id"], bool(found.version)) == (first["id"], True)


@pytest.mark.rule("4.1-404")
async def test_a_record_that_never_was_is_not_found(tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        await tenant.protime.get("assignments", 2_000_000_000)


@pytest.mark.rule("4.1-404")
@pytest.mark.simulated
async def test_a_record_that_is_gone_is_not_found(tenant: Tenant) -> None:
    first = await tenant.an_assignment()
    await tenant.remove("assignments", first["id"])
    with pytest.raises(NotFound):
        await tenant.protime.get("assignments", first["id"])


@pytest.mark.rule("3.4-expired", "4.1-409")
@pytest.mark.simulated
async def test_a_paging_token_that_expired_is_a_conflict(start: Start) -> None:
    async with start(page_size=5, continuation_life_seconds=60) as tenant:
        pages = tenant.protime.list("assignments", date_window(tenant.since))
        first = await anext(pages)
        tenant.clock.ahead = 61
        with pytest.raises(Conflict):
            await anext(pages)
        with pytest.raises(Conflict):
            await anext(tenant.protime.list_from("assignments", first.next_link or ""))


@pytest.mark.rule("3.4-as-given", "3.4-relative")
async def test_a_list_goes_on_from_a_stored_link(start: Start) -> None:
    async with start(page_size=5) as tenant:
        whole = await tenant.listed("assignments", date_window(tenant.since))
        first = await anext(tenant.protime.list("assignments", date_window(tenant.since)))
        if first.next_link is None:
            pytest.skip("the list has one page only")
        rest = [page async for page in tenant.protime.list_from("assignments", first.next_link)]
        assert _decoded([first, *rest]) == whole


@pytest.mark.rule("3.5-token-counts")
@pytest.mark.simulated
async def test_a_continuation_token_that_grows_too_long_is_told_apart(start: Start) -> None:
    async with start(page_size=5, continuation_padding=4000) as tenant:
        with pytest.raises(UriTooLong):
            await tenant.listed("assignments", date_window(tenant.since))


#: Twelve people among many that nobody knows, six in each half.
PEOPLE = [*range(1, 7), *range(1000, 1240), *range(7, 13), *range(2000, 2240)]


@pytest.mark.rule("3.5-token-counts", "3.5-split")
@pytest.mark.simulated
@pytest.mark.parametrize("padding", [0, 1200, 2200], ids=["whole", "halves", "quarters"])
async def test_a_list_of_people_that_grows_too_long_is_halved_without_a_gap_or_a_double(
    start: Start, padding: int
) -> None:
    async with start(page_size=3, continuation_padding=padding) as tenant:
        await tenant.control("POST", "generate", {"collection": "assignments", "count": 60, "changes": 0})
        window = field("date").between(tenant.since, TODAY)
        found = await tenant.listed("assignments", field("person").is_in(*PEOPLE) & window)
        numbers = [record["id"] for record in found]
        await tenant.switch(continuation_padding=0)
        whole = await tenant.listed("assignments", window)
        refused = [status for _, _, status in tenant.calls if status == 414]
    assert sorted(numbers) == sorted(record["id"] for record in whole)
    assert len(numbers) == 60
    assert len(refused) == {0: 0, 1200: 1, 2200: 3}[padding]


@pytest.mark.rule("3.5-uri", "3.5-split")
@pytest.mark.simulated
async def test_a_list_that_is_too_long_from_the_beginning_is_halved_too(start: Start) -> None:
    async with start(max_uri_length=1000) as tenant:
        window = field("date").between(tenant.since, TODAY)
        found = await tenant.listed("assignments", field("person").is_in(*PEOPLE) & window)
        assert len(found) == len({record["id"] for record in found}) == len(await tenant.truth("assignments"))


@pytest.mark.rule("3.5-uri")
@pytest.mark.simulated
async def test_one_person_whose_list_is_too_long_is_an_error(start: Start) -> None:
    async with start(page_size=1, continuation_padding=4000) as tenant:
        with pytest.raises(UriTooLong):
            await tenant.listed(
                "assignments", field("person").is_in(1) & field("date").between(tenant.since, TODAY)
            )


def _decoded(pages: list[Page]) -> list[Any]:
    return [msgspec.json.decode(raw) for page in pages for raw in page.items]

"""A delta replaces the one that a tenant may have of the same collection: starting one is a write."""

from __future__ import annotations

import msgspec
import pytest

from tests.workers.protime.tenant.tenants import TODAY, Start, Tenant
from workers.protime import Conflict, DeltaPage, Gone, Invalid, date_window
from workers.protime.collections import COLLECTIONS

WEBHOOKED = [name for name, known in COLLECTIONS.items() if known.webhook]


def _records(*pages: DeltaPage) -> list[dict[str, object]]:
    return [msgspec.json.decode(item.data) for page in pages for item in page.items]


@pytest.mark.rule("6.5-collections", "6.1-scope", "6.1-flag", "6.1-path")
@pytest.mark.writes
@pytest.mark.parametrize("collection", WEBHOOKED)
async def test_every_collection_with_webhooks_has_a_delta(tenant: Tenant, collection: str) -> None:
    pages = await tenant.started(collection, tenant.window(collection), today=TODAY)
    assert (await tenant.protime.delta_pull(pages[-1].delta_link)).delta_link


@pytest.mark.rule("6.1-last-page", "6.1-empty-last-page", "6.1-new-link", "6.1-delete", "6.6-older-link")
@pytest.mark.simulated
@pytest.mark.parametrize("empty_last", [True, False])
async def test_a_delta_starts_with_everything_and_then_brings_changes_once(
    start: Start, empty_last: bool
) -> None:
    async with start(page_size=9, delta_empty_last_page=empty_last) as tenant:
        pages = await tenant.started("assignments", date_window(tenant.since), today=TODAY)
        known = _records(*pages)
        assert known == await tenant.listed("assignments", date_window(tenant.since))
        assert all(not page.delta_link for page in pages[:-1])

        changed, removed = known[0]["id"], known[1]["id"]
        await tenant.put("assignments", {"id": changed, "comments": "later"})
        await tenant.remove("assignments", int(str(removed)))
        first = await tenant.protime.delta_pull(pages[-1].delta_link)
        seen = {msgspec.json.decode(item.data)["id"]: item for item in first.items}
        assert {number: item.deleted for number, item in seen.items()} == {changed: False, removed: True}
        assert set(msgspec.json.decode(seen[removed].data)) == {"changeVersion", "id"}

        second = await tenant.protime.delta_pull(first.delta_link)
        assert (second.items, bool(second.delta_link)) == ([], True)
        assert len((await tenant.protime.delta_pull(pages[-1].delta_link)).items) == 2


@pytest.mark.rule("6.1-last-page")
@pytest.mark.simulated
async def test_an_interrupted_start_of_a_delta_goes_on_from_its_link(start: Start) -> None:
    async with start(page_size=9) as tenant:
        first = await anext(tenant.protime.delta_start("assignments", date_window(tenant.since)))
        rest = [page async for page in tenant.protime.delta_start_from("assignments", first.next_link)]
        whole = await tenant.listed("assignments", date_window(tenant.since))
        assert len(_records(first, *rest)) == len(whole)
        await tenant.protime.delta_pull(rest[-1].delta_link)


@pytest.mark.rule("3.7-where", "6.4-once")
@pytest.mark.simulated
async def test_a_delta_carries_the_references_of_its_start(tenant: Tenant) -> None:
    references = {"people": "@badge-number"}
    pages = await tenant.started("assignments", date_window(tenant.since), references)
    record = _records(pages[0])[0]
    await tenant.put("assignments", {"id": record["id"], "comments": "later"})
    (item,) = (await tenant.protime.delta_pull(pages[-1].delta_link)).items
    assert msgspec.json.decode(item.data)["person"]["externalReferences"]["@badge-number"]


@pytest.mark.rule("6.1-72-hours", "4.1-410")
@pytest.mark.simulated
async def test_a_delta_dies_after_72_hours_unasked(tenant: Tenant) -> None:
    link = (await tenant.started("people"))[-1].delta_link
    tenant.clock.ahead = 71 * 3600
    link = (await tenant.protime.delta_pull(link)).delta_link
    tenant.clock.ahead += 73 * 3600
    with pytest.raises(Gone):
        await tenant.protime.delta_pull(link)


@pytest.mark.rule("6.1-one")
@pytest.mark.simulated
async def test_a_second_delta_supersedes_the_first_or_is_refused(tenant: Tenant) -> None:
    first = (await tenant.started("people"))[-1].delta_link
    second = (await tenant.started("people"))[-1].delta_link
    with pytest.raises(Gone):
        await tenant.protime.delta_pull(first)
    assert (await tenant.protime.delta_pull(second)).delta_link
    await tenant.switch(second_delta="conflict")
    with pytest.raises(Conflict):
        await tenant.started("people")


@pytest.mark.rule("6.3-date", "6.3-past", "6.3-earliest", "6.3-no-people")
@pytest.mark.writes
@pytest.mark.parametrize(
    "where", ["date ge '2001-01-01'", "date ge '2999-01-01'", "person in (1) and date ge '2026-01-01'"]
)
async def test_what_the_client_refuses_in_a_delta_protime_refuses_too(tenant: Tenant, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        await tenant.started("assignments", where, today=TODAY)
    assert caught.value.status is None
    assert (await tenant.raw("GET", f"/assignments?filter={where}&delta")).status_code == 400


@pytest.mark.rule("6.6-malformed")
async def test_a_malformed_delta_token_is_a_mistake_of_the_request(tenant: Tenant) -> None:
    link = "/connector/protimeapi/api/v1/delta/assignments?deltaToken=nonsense"
    with pytest.raises(Invalid) as caught:
        await tenant.protime.delta_pull(link)
    assert caught.value.status == 400

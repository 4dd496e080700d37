from __future__ import annotations

import base64
import json
from typing import Any

import pytest

START = "/assignments?filter=date ge '2026-01-01'&delta"
HOURS = 3600


async def poll(sim: Any, link: str) -> tuple[list[Any], str]:
    response = await sim.get(link)
    assert response.status_code == 200, response.text
    page = response.json()
    assert "nextLink" not in page
    return page["value"], page["deltaLink"]


@pytest.mark.rule("6.1-flag", "6.1-bare", "6.1-last-page", "6.1-empty-last-page", "6.1-path")
async def test_phase_one_pages_plain_resources_and_ends_with_an_empty_page(make_sim: Any) -> None:
    sim = await make_sim(page_size=2)
    ids = [await sim.add() for _ in range(4)]
    page = (await sim.get(START)).json()
    assert "&deltaToken=" in page["nextLink"]
    assert "deltaLink" not in page
    items, link, pages = await sim.follow(START)
    assert ([item["id"] for item in items], pages) == (ids, 3)
    assert link.startswith("/connector/protimeapi/api/v1/delta/assignments?deltaToken=")


@pytest.mark.rule("6.1-empty-last-page")
async def test_the_last_page_can_carry_records(make_sim: Any) -> None:
    sim = await make_sim(page_size=2, delta_empty_last_page=False)
    for _ in range(4):
        await sim.add()
    _, link, pages = await sim.follow(START)
    assert (bool(link), pages) == (True, 2)


@pytest.mark.rule("6.1-wrapped", "6.1-types", "6.1-delete", "7-tombstone")
async def test_phase_two_wraps_changes_and_deletes(sim: Any) -> None:
    changed, deleted = await sim.add(), await sim.add()
    _, link, _ = await sim.follow(START)
    await sim.put(f"/assignments/{changed}", sim.assignment(comments="new"))
    await sim.delete(f"/assignments/{deleted}")
    items, _ = await poll(sim, link)
    assert [item["changeType"] for item in items] == ["InsertOrUpdate", "Delete"]
    assert items[0]["data"] == (await sim.get(f"/assignments/{changed}")).json()
    assert set(items[1]["data"]) == {"changeVersion", "id"}


@pytest.mark.rule("6.1-unpaged")
async def test_phase_two_is_never_paged(make_sim: Any) -> None:
    sim = await make_sim(page_size=2)
    _, link, _ = await sim.follow(START)
    for _ in range(7):
        await sim.add()
    items, _ = await poll(sim, link)
    assert len(items) == 7


@pytest.mark.rule("6.1-new-link")
async def test_an_empty_answer_brings_a_new_link(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    sim.clock.now += 1
    items, following = await poll(sim, link)
    assert items == []
    assert following != link


@pytest.mark.rule("6.6-collapsed")
async def test_several_changes_collapse_to_the_last_in_order_of_version(sim: Any) -> None:
    one, two = await sim.add(), await sim.add()
    _, link, _ = await sim.follow(START)
    for key in (one, two, one):
        await sim.put(f"/assignments/{key}", sim.assignment(comments=f"to {key}"))
    items, _ = await poll(sim, link)
    assert [item["data"]["id"] for item in items] == [two, one]
    versions = [item["data"]["changeVersion"] for item in items]
    assert versions == sorted(versions)


@pytest.mark.rule("6.6-older-link")
async def test_an_older_link_gives_everything_since_again(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    key = await sim.add()
    first, newer = await poll(sim, link)
    assert (await poll(sim, newer))[0] == []
    assert (await poll(sim, link))[0] == first
    assert first[0]["data"]["id"] == key


@pytest.mark.rule("6.3-leaving")
async def test_a_record_that_leaves_the_window_is_deleted_from_it(sim: Any) -> None:
    key = await sim.add()
    _, link, _ = await sim.follow("/assignments?filter=date ge '2026-03-01' and date le '2026-03-31'&delta")
    await sim.put(f"/assignments/{key}", sim.assignment(**{"from": "2026-04-02", "until": "2026-04-02"}))
    items, link = await poll(sim, link)
    assert [(item["changeType"], item["data"]["id"]) for item in items] == [("Delete", key)]
    await sim.put(f"/assignments/{key}", sim.assignment(**{"from": "2026-04-03", "until": "2026-04-03"}))
    assert (await poll(sim, link))[0] == []
    await sim.put(f"/assignments/{key}", sim.assignment())
    items, _ = await poll(sim, link)
    assert [item["changeType"] for item in items] == ["InsertOrUpdate"]


@pytest.mark.rule("4.1-410", "6.1-72-hours")
async def test_a_delta_lives_72_hours_after_its_last_use(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    sim.clock.now += 71 * HOURS
    await sim.log_in()
    _, link = await poll(sim, link)
    sim.clock.now += 71 * HOURS
    await sim.log_in()
    _, link = await poll(sim, link)
    sim.clock.now += 73 * HOURS
    await sim.log_in()
    response = await sim.get(link)
    assert (response.status_code, response.json()["error"]["code"]) == (410, "Gone")


@pytest.mark.rule("6.1-72-hours")
async def test_the_72_hours_can_be_compressed(make_sim: Any) -> None:
    sim = await make_sim(delta_time_factor=3600.0)
    _, link, _ = await sim.follow(START)
    sim.clock.now += 73
    assert (await sim.get(link)).status_code == 410


@pytest.mark.rule("6.1-one")
async def test_a_second_delta_supersedes_the_first(sim: Any) -> None:
    _, first, _ = await sim.follow(START)
    _, second, _ = await sim.follow(START)
    assert (await sim.get(first)).status_code == 410
    assert (await sim.get(second)).status_code == 200


@pytest.mark.rule("6.1-one")
async def test_a_second_delta_can_be_a_conflict(make_sim: Any) -> None:
    sim = await make_sim(second_delta="conflict")
    await sim.follow(START)
    assert (await sim.get(START)).status_code == 409
    assert (await sim.get("/people?delta")).status_code == 200


@pytest.mark.rule("6.3-date", "6.3-past", "6.3-earliest", "6.3-year", "6.3-no-people")
@pytest.mark.parametrize(
    "query",
    [
        "",  # date is missing
        "filter=date ge '2026-01-01' and person in (1)&",
        "filter=date le '2026-01-01'&",  # no start
        "filter=date ge '2024-12-31'&",  # before 1 January of last year
        "filter=date ge '2026-03-05'&",  # in the future
        "filter=date ge '2025-01-01' and date le '2026-03-01'&",  # more than a year
    ],
)
async def test_what_a_delta_does_not_allow_is_400(sim: Any, query: str) -> None:
    assert (await sim.get(f"/assignments?{query}delta")).status_code == 400


@pytest.mark.rule("6.5-collections")
async def test_some_collections_have_no_delta(sim: Any) -> None:
    assert (await sim.get("/departments?delta")).status_code == 400


@pytest.mark.rule("6.6-malformed")
@pytest.mark.parametrize("token", ["", "nonsense", base64.b64encode(b'{"a":1}').decode()])
async def test_a_malformed_token_is_400(sim: Any, token: str) -> None:
    assert (await sim.get(f"/delta/assignments?deltaToken={token}")).status_code == 400


@pytest.mark.rule("6.2-token")
async def test_the_token_is_base64_of_json(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    token = json.loads(base64.b64decode(link.partition("deltaToken=")[2]))
    assert set(token) == {"deltaId", "startingCursor", "timeStamp"}


async def test_a_token_of_another_collection_is_gone(sim: Any) -> None:
    _, link, _ = await sim.follow(START)
    assert (await sim.get(link.replace("assignments", "clockings"))).status_code == 410


@pytest.mark.rule("3.7-where", "6.4-once")
async def test_references_asked_for_at_the_start_are_kept(sim: Any) -> None:
    _, link, _ = await sim.follow(f"{START}&externalReferences=(people,@badge-number)")
    await sim.add()
    items, _ = await poll(sim, link)
    assert items[0]["data"]["person"]["externalReferences"] == {"@badge-number": "1901"}


@pytest.mark.rule("6.6-meanwhile")
async def test_a_change_during_the_first_phase_is_not_lost(make_sim: Any) -> None:
    sim = await make_sim(page_size=1)
    first = await sim.add()
    await sim.add()
    page = (await sim.get(START)).json()
    await sim.put(f"/assignments/{first}", sim.assignment(comments="meanwhile"))
    _, link, _ = await sim.follow(page["nextLink"])
    items, _ = await poll(sim, link)
    assert [item["data"]["comments"] for item in items] == ["meanwhile"]


async def test_a_pull_can_meet_a_conflict_and_leaves_the_link_good(make_sim: Any) -> None:
    sim = await make_sim(delta_conflict_burst=2)
    _, link, _ = await sim.follow(START)
    for status in (409, 409, 200):
        assert (await sim.get(link)).status_code == status

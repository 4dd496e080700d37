from __future__ import annotations

from typing import Any

import pytest

LIST = "/assignments?filter=date ge '2026-01-01'"
ACTIVITIES = "/activity-structure-versions/1/levels/1/activity-definitions"


@pytest.mark.rule("1.4-if-none-match")
@pytest.mark.parametrize(
    "path",
    ["/people", LIST, "/shift-definitions", "/departments", "/job-histories", "/people/1/job-histories", "/webhooks",
     ACTIVITIES, "/external-references/terminals"],
)  # fmt: skip
async def test_an_unchanged_list_is_304_without_a_body(sim: Any, path: str) -> None:
    await sim.add()
    first = await sim.get(path)
    sim.clock.now += 60
    again = await sim.get(path, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert (await sim.get(path, **{"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.rule("1.4-etag")
async def test_a_changed_list_is_200_with_another_tag(sim: Any) -> None:
    key = await sim.add()
    tag = (await sim.get(LIST)).headers["ETag"]
    await sim.put(f"/assignments/{key}", sim.assignment(comments="new"))
    changed = await sim.get(LIST, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


async def test_a_page_that_others_follow_now_has_another_tag(make_sim: Any) -> None:
    sim = await make_sim(page_size=1)
    await sim.add()
    tag = (await sim.get(LIST)).headers["ETag"]
    await sim.add()
    assert (await sim.get(LIST, **{"If-None-Match": tag})).status_code == 200


@pytest.mark.rule("1.4-if-none-match")
async def test_one_of_several_tags_and_a_weak_one_match_too(sim: Any) -> None:
    tag = (await sim.get("/people")).headers["ETag"]
    assert (await sim.get("/people", **{"If-None-Match": f'"a", W/{tag}'})).status_code == 304


async def test_the_start_of_a_delta_is_never_304(sim: Any) -> None:
    response = await sim.get(f"{LIST}&delta", **{"If-None-Match": '"a"'})
    assert response.status_code == 200
    assert "ETag" not in response.headers

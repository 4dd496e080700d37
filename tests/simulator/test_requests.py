from __future__ import annotations

import time
from typing import Any

import pytest


@pytest.mark.rule("1.4-user-agent")
async def test_a_request_without_user_agent_is_400(sim: Any) -> None:
    response = await sim.get("/people", **{"User-Agent": ""})
    assert (response.status_code, response.json()["error"]["code"]) == (400, "BadRequest")
    sim.settings.require_user_agent = False
    assert (await sim.get("/people", **{"User-Agent": ""})).status_code == 200


@pytest.mark.rule("3.5-uri")
async def test_a_uri_over_4096_characters_is_414(sim: Any) -> None:
    ids = ",".join(["1000000"] * 600)
    response = await sim.get(f"/assignments?filter=date ge '2026-01-01' and person in ({ids})")
    assert (response.status_code, response.json()["error"]["code"]) == (414, "UriTooLong")


@pytest.mark.rule("4.1-429", "4.3-limit", "4.3-wait")
async def test_one_call_too_many_in_a_minute_is_429_with_the_seconds_to_wait(make_sim: Any) -> None:
    sim = await make_sim(rate_limit_per_minute=3)  # the fixture made one call
    assert [(await sim.get("/people")).status_code for _ in range(3)] == [200, 200, 429]
    wait = int((await sim.get("/people")).headers["Retry-After"])
    assert 1 <= wait <= 60
    sim.clock.now += wait
    assert (await sim.get("/people")).status_code == 200


@pytest.mark.rule("1.4-retry-after", "4.1-503")
async def test_a_maintenance_window_is_503_with_retry_after(sim: Any) -> None:
    sim.settings.unavailable = True
    response = await sim.get("/people")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")
    assert response.json()["error"]["code"] == "ServiceUnavailable"


@pytest.mark.rule("4.1-500")
async def test_a_broken_record_is_listed_and_answers_500(sim: Any) -> None:
    sim.settings.broken_record = 1
    assert (await sim.get("/people/1")).status_code == 500
    assert (await sim.get("/people/2")).status_code == 200
    assert 1 in {person["id"] for person in (await sim.get("/people")).json()["value"]}


async def test_an_error_burst_is_so_many_500s(sim: Any) -> None:
    sim.settings.error_burst = 2
    assert [(await sim.get("/people")).status_code for _ in range(3)] == [500, 500, 200]


@pytest.mark.rule("4.1-500")
async def test_an_error_rate_of_one_is_always_500(sim: Any) -> None:
    sim.settings.error_rate = 1.0
    assert (await sim.get("/people")).status_code == 500


@pytest.mark.rule("4.2-pages")
async def test_a_gateway_answers_with_html(sim: Any) -> None:
    sim.settings.unavailable = sim.settings.html_errors = True
    response = await sim.get("/people")
    assert response.headers["content-type"].startswith("text/html")


async def test_answers_can_be_slow(sim: Any) -> None:
    sim.settings.slow_seconds = 0.05
    begun = time.monotonic()
    await sim.get("/people")
    assert time.monotonic() - begun >= 0.05


@pytest.mark.rule("4.1-404", "4.2-wrapped")
@pytest.mark.parametrize("path", ["/nonsense", "/terminals", "/people/99999", "/assignments/abc"])
async def test_what_does_not_exist_is_404(sim: Any, path: str) -> None:
    response = await sim.get(path)
    assert response.status_code == 404
    assert response.json() == {"error": {"code": "NotFound", "message": "The resource was not found"}}


@pytest.mark.rule("5-who", "5-clockings", "9.3-read-only")
async def test_read_only_collections_refuse_writes(sim: Any) -> None:
    assert (await sim.post("/people", {})).status_code == 405
    assert (await sim.put("/clockings/1", {})).status_code == 405
    assert (await sim.delete("/clockings/1")).status_code == 405


@pytest.mark.rule("3.1-malformed", "4.2-reasons")
async def test_an_invalid_filter_has_reasons_inside_the_wrapper(sim: Any) -> None:
    error = (await sim.get("/assignments?filter=nonsense")).json()["error"]
    assert error["code"] == "BadRequest"
    assert error["reasons"]


@pytest.mark.rule("4.2-model", "4.2-items", "9.1-required")
async def test_model_validation_has_no_wrapper(sim: Any) -> None:
    response = await sim.post("/assignments", {"from": "2026-03-10"})
    assert response.status_code == 400
    body = response.json()
    assert "error" not in body
    assert {item["field"] for item in body["validationErrors"]} == {"person", "activityLevels"}


@pytest.mark.rule("4.2-model")
async def test_unreadable_json_has_no_wrapper(sim: Any) -> None:
    response = await sim.http.post("/connector/protimeapi/api/v1/assignments", content=b"{")
    assert response.status_code == 400
    assert "validationErrors" in response.json()


@pytest.mark.rule("1.4-etag", "1.4-if-none-match")
async def test_an_unchanged_resource_is_304(sim: Any) -> None:
    first = await sim.get("/people/1")
    again = await sim.get("/people/1", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")

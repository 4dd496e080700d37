from __future__ import annotations

from typing import Any

import pytest

CODES = {
    "/people?filter=nonsense": (400, "BadRequest"),
    "/nonsense": (404, "NotFound"),
    "/people?continuationToken=nonsense": (409, "Conflict"),
    f"/people?x={'y' * 5000}": (414, "UriTooLong"),
}


@pytest.mark.rule("4.2-codes")
@pytest.mark.parametrize("path", CODES)
async def test_the_code_of_an_error_is_its_reason_phrase(sim: Any, path: str) -> None:
    answer = await sim.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == CODES[path]


@pytest.mark.rule("4.2-codes")
@pytest.mark.parametrize(
    ("switch", "status", "code"),
    [
        ({"error_burst": 1}, 500, "InternalServerError"),
        ({"unavailable": True}, 503, "ServiceUnavailable"),
        ({"rate_limit_per_minute": 1}, 429, "TooManyRequests"),
    ],
)
async def test_trouble_has_its_code_too(sim: Any, switch: dict[str, Any], status: int, code: str) -> None:
    assert (await sim.control("PATCH", "/settings", switch)).status_code == 200
    answers = [await sim.get("/people") for _ in range(2)]
    assert (status, code) in [(a.status_code, a.json().get("error", {}).get("code")) for a in answers]

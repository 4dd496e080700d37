from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.rule("2.1-request", "2.2-answer")
async def test_a_token_names_its_life_and_its_granted_scopes(sim: Any) -> None:
    response = await sim.token("assignments.read assignments.write")
    assert response.status_code == 200
    body = response.json()
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 1800
    assert body["scope"] == "connector-protimeapi-assignments.read connector-protimeapi-assignments.write"
    assert body["access_token"].startswith("eyJ")
    assert body["access_token"].count(".") == 2


@pytest.mark.rule("2.1-grant-type", "2.2-errors")
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "wrong"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "connector-protimeapi-moon.read"}, "invalid_scope"),
        ({"scope": "openid"}, "invalid_scope"),
    ],
)
async def test_the_token_endpoint_answers_by_rfc_6749(sim: Any, form: dict[str, str], error: str) -> None:
    response = await sim.token(**form)
    assert (response.status_code, response.json()) == (400, {"error": error})


async def test_a_client_gets_only_its_allowed_scopes(make_sim: Any) -> None:
    sim = await make_sim(scopes=["connector-protimeapi-people.read"])
    assert (await sim.token("assignments.read")).json() == {"error": "invalid_scope"}
    assert (await sim.token("people.read")).status_code == 200


@pytest.mark.rule("1.4-bearer", "4.1-401")
async def test_a_missing_or_wrong_token_is_401(sim: Any) -> None:
    for value in ("", "Bearer nonsense", "Basic abc"):
        response = await sim.get("/people", Authorization=value)
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "Unauthorized"


@pytest.mark.rule("2.2-expired")
async def test_an_expired_token_is_401(sim: Any) -> None:
    sim.clock.now += 1801
    assert (await sim.get("/people")).status_code == 401


@pytest.mark.rule("2.3-missing-scope", "4.1-403")
async def test_a_valid_token_without_the_scope_is_403(sim: Any) -> None:
    await sim.log_in("people.read")
    assert (await sim.get("/people")).status_code == 200
    response = await sim.get("/assignments?filter=date ge '2026-01-01'")
    assert (response.status_code, response.json()["error"]["code"]) == (403, "Forbidden")


@pytest.mark.rule("2.3-paid-presences")
async def test_calculated_totals_scope_covers_paid_presences(sim: Any) -> None:
    await sim.log_in("calculated-totals.read")
    assert (await sim.get("/paid-presences?filter=date ge '2026-01-01'")).status_code == 200


@pytest.mark.rule("2.3-histories")
async def test_histories_accept_either_people_scope(sim: Any) -> None:
    for scope in ("people-historical-data.read", "people.read"):
        await sim.log_in(scope)
        assert (await sim.get("/job-category-histories")).status_code == 200


@pytest.mark.rule("2.2-tenant")
async def test_another_tenant_is_unknown(sim: Any) -> None:
    assert (await sim.http.post("/tenants/other/connect/token")).status_code == 404


@pytest.mark.rule("1.1-discovery")
async def test_discovery_names_the_token_endpoint(sim: Any) -> None:
    found = (await sim.http.get("/tenants/acme/.well-known/openid-configuration")).json()
    assert found["token_endpoint"] == "http://sim/tenants/acme/connect/token"


@pytest.mark.rule("2.2-trouble")
async def test_a_broken_token_endpoint_answers_its_status(sim: Any) -> None:
    sim.settings.token_status = 503
    assert (await sim.token()).status_code == 503


@pytest.mark.rule("2.2-expired")
async def test_revoked_tokens_are_401(sim: Any) -> None:
    await sim.control("DELETE", "/tokens")
    assert (await sim.get("/people")).status_code == 401

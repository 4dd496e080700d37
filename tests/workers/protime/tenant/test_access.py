"""Tokens, scopes, limits and trouble."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.workers.protime.tenant.tenants import Start, Tenant
from workers.protime import (
    AuthenticationFailed,
    Malformed,
    PermissionDenied,
    Protime,
    RateLimited,
    Transient,
    date_window,
    scopes_for,
)


@pytest.mark.rule("2.2-expired")
@pytest.mark.simulated
async def test_a_token_that_was_revoked_is_replaced_unseen(tenant: Tenant) -> None:
    await tenant.listed("people")
    await tenant.control("DELETE", "tokens")
    assert await tenant.listed("people")
    assert [status for _, _, status in tenant.calls] == [200, 401, 200]


@pytest.mark.rule("2.2-expired", "4.1-401")
async def test_a_token_that_is_none_is_401(tenant: Tenant) -> None:
    headers = {"Authorization": "Bearer nonsense", "User-Agent": tenant.agent}
    url = f"{tenant.base_url}/connector/protimeapi/api/v1/people"
    assert (await tenant.http.get(url, headers=headers)).status_code == 401


@pytest.mark.rule("2.2-one-token")
@pytest.mark.simulated
async def test_one_token_serves_many_requests(tenant: Tenant) -> None:
    for _ in range(3):
        await tenant.listed("people")
    counted = (await tenant.control("GET", "stats")).json()["calls"]
    assert counted["POST /connect/token"] == 1


@pytest.mark.rule("2.3-missing-scope", "4.1-403")
async def test_a_missing_scope_is_a_missing_permission(tenant: Tenant) -> None:
    tokens = tenant.make_tokens(scopes_for(["people"]))
    narrow = Protime(tenant.base_url, tenant.protime.tenant, tenant.agent, tokens, http=tenant.http)
    with pytest.raises(PermissionDenied) as caught:
        await narrow.get("assignments", 1)
    # The pages disagree, and both are the same to the client.
    assert caught.value.status in (401, 403)


@pytest.mark.rule("2.2-errors")
@pytest.mark.parametrize(
    "wrong", [{"secret": "wrong"}, {"scopes": ("connector-protimeapi-shifts.read",)}], ids=["secret", "scope"]
)
async def test_a_wrong_client_is_a_matter_of_configuration(tenant: Tenant, wrong: dict[str, Any]) -> None:
    tokens = tenant.make_tokens(**{"scopes": scopes_for(["people"]), **wrong})
    with pytest.raises(AuthenticationFailed):
        await tokens.token()


@pytest.mark.rule("9.1-planning-flex", "4.1-403")
@pytest.mark.simulated
async def test_planning_flex_closes_the_assignments(start: Start) -> None:
    async with start(planning_flex="all") as tenant:
        with pytest.raises(PermissionDenied, match="Planning Flex"):
            await tenant.listed("assignments", date_window(tenant.since))


async def _token_503(tenant: Tenant) -> None:
    await tenant.switch(token_status=503)
    await tenant.tokens.token()


async def _maintenance(tenant: Tenant) -> None:
    await tenant.switch(unavailable=True, retry_after_seconds=17, html_errors=True)
    await tenant.protime.get("people", 1)


async def _error_500(tenant: Tenant) -> None:
    await tenant.switch(error_burst=1)
    await tenant.protime.get("people", 1)


@pytest.mark.rule("2.2-trouble", "4.1-500", "4.1-503", "4.2-pages")
@pytest.mark.simulated
@pytest.mark.parametrize(
    ("trouble", "retry_after"), [(_token_503, None), (_maintenance, 17.0), (_error_500, None)]
)
async def test_trouble_at_protime_is_transient(
    tenant: Tenant, trouble: Callable[[Tenant], Awaitable[None]], retry_after: float | None
) -> None:
    with pytest.raises(Transient) as caught:
        await trouble(tenant)
    assert not isinstance(caught.value, Malformed)
    assert caught.value.retry_after == retry_after


@pytest.mark.rule("4.1-429", "4.3-wait")
@pytest.mark.simulated
async def test_too_many_requests_say_how_long_to_wait(start: Start) -> None:
    async with start(rate_limit_per_minute=5) as tenant:
        for _ in range(5):
            await tenant.listed("people")
        with pytest.raises(RateLimited) as caught:
            await tenant.listed("people")
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 60

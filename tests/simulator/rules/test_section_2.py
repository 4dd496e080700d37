from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.rules.reading import LISTED, address

TOKEN = "/tenants/acme/connect/token"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
START = "/people?delta"


@pytest.mark.rule("2.1-credentials")
async def test_client_id_and_secret_stand_in_the_form_and_nowhere_else(sim: Any) -> None:
    login = (sim.settings.client_id, sim.settings.client_secret)
    refused = await sim.http.post(TOKEN, data={"grant_type": "client_credentials"}, auth=login)
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_client"})


@pytest.mark.rule("2.1-scope-list")
@pytest.mark.parametrize("blank", ["+", "%20"])
async def test_the_blank_between_scopes_is_a_plus_or_encoded(sim: Any, blank: str) -> None:
    scopes = ["connector-protimeapi-people.read", "connector-protimeapi-counters.read"]
    login = f"client_id={sim.settings.client_id}&client_secret={sim.settings.client_secret}"
    content = f"grant_type=client_credentials&{login}&scope={blank.join(scopes)}"
    granted = (await sim.http.post(TOKEN, content=content, headers=FORM)).json()["scope"]
    assert sorted(granted.split(" ")) == sorted(scopes)


@pytest.mark.rule("2.2-life", "2.2-expired")
async def test_the_life_in_the_answer_is_the_life_of_the_token(make_sim: Any) -> None:
    sim = await make_sim(token_life_seconds=60)
    assert (await sim.token()).json()["expires_in"] == 60
    sim.clock.now += 59
    assert (await sim.get("/people")).status_code == 200
    sim.clock.now += 2
    assert (await sim.get("/people")).status_code == 401


@pytest.mark.rule("2.2-no-refresh-token")
async def test_there_is_no_refresh_token(sim: Any) -> None:
    assert set((await sim.token()).json()) == {"access_token", "expires_in", "token_type", "scope"}
    refused = await sim.token(grant_type="refresh_token")
    assert refused.json() == {"error": "unsupported_grant_type"}


@pytest.mark.rule("2.3-names")
async def test_each_collection_is_opened_by_its_own_scope_and_no_other(make_sim: Any) -> None:
    sim = await make_sim(rate_limit_per_minute=0)
    for row in LISTED:
        scope = row.readable_with()[0]
        await sim.log_in(scope)
        assert (await sim.get(address(row.name))).status_code == 200, row.name
        await sim.log_in("clockings.read" if scope != "clockings.read" else "assignments.read")
        assert (await sim.get(address(row.name))).status_code == 403, row.name


@pytest.mark.rule("2.3-read-write")
async def test_reading_needs_read_and_writing_needs_write(sim: Any) -> None:
    key = await sim.add()
    await sim.log_in("assignments.read")
    assert (await sim.get(f"/assignments/{key}")).status_code == 200
    assert (await sim.post("/assignments", sim.assignment())).status_code == 403
    assert (await sim.put(f"/assignments/{key}", sim.assignment())).status_code == 403
    assert (await sim.delete(f"/assignments/{key}")).status_code == 403
    await sim.log_in("assignments.write")
    assert (await sim.get(f"/assignments/{key}")).status_code == 403
    assert (await sim.put(f"/assignments/{key}", sim.assignment())).status_code == 200


@pytest.mark.rule("2.3-one-scope", "6.1-scope")
async def test_one_scope_opens_the_list_the_record_and_the_delta(sim: Any) -> None:
    await sim.log_in("people.read")
    _, link, _ = await sim.follow(START)
    for path in ("/people", "/people/1", link):
        assert (await sim.get(path)).status_code == 200, path


@pytest.mark.rule("2.3-read-only")
async def test_a_read_only_collection_has_no_write_scope(sim: Any) -> None:
    for row in LISTED:
        if not row.verbs:
            assert (await sim.token(f"{row.name}.write")).json() == {"error": "invalid_scope"}, row.name

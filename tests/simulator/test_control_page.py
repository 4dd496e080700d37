from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from simulator.settings import Settings
from simulator.switches import groups
from tests.simulator.forms import Page

HOOK = {"destinationUrl": "http://127.0.0.1:1/<b>&in", "collectionName": "assignments"}
START = "/assignments?filter=date ge '2026-01-01'&delta"


async def shown(sim: Any) -> Page:
    response = await sim.http.get("/control")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    return Page(response.text)


async def sent(sim: Any, end: str, **changes: str | None) -> httpx.Response:
    """Fill in a form of the page and send it; None empties a checkbox."""
    form = (await shown(sim)).form(end)
    fields = {name: text for name, text in {**form.fields, **changes}.items() if text is not None}
    response: httpx.Response = await sim.http.post(form.action, data=fields)
    return response


async def settings(sim: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.control("GET", "/settings")).json()
    return found


def test_every_switch_belongs_to_a_group_and_has_an_explanation() -> None:
    switches = [switch for group in groups().values() for switch in group.switches]
    assert [switch.name for switch in switches] == list(Settings.__struct_fields__)
    assert all(switch.about for switch in switches)


async def test_the_page_has_an_input_of_the_right_type_for_every_switch(sim: Any) -> None:
    forms = [form for form in (await shown(sim)).forms if "/settings/" in form.action]
    kinds = {name: kind for form in forms for name, kind in form.kinds.items()}
    assert list(kinds) == list(Settings.__struct_fields__)
    expected = {
        "unavailable": "checkbox",
        "page_size": "number",
        "error_rate": "number",
        "envelope": "select",
    }
    assert expected.items() <= {**kinds}.items()
    assert kinds["tenant"] == kinds["retry_seconds"] == kinds["scopes"] == "text"
    options = {name: values for form in forms for name, values in form.options.items()}
    assert set(options["envelope"]) == {"object", "array", "value"}


async def test_every_group_can_be_saved_as_it_is_and_nothing_changes(sim: Any) -> None:
    before = await settings(sim)
    for name in groups():
        assert (await sent(sim, f"/settings/{name}")).status_code == 303
    assert await settings(sim) == before


async def test_a_saved_form_changes_its_switches(sim: Any) -> None:
    before = await settings(sim)
    await sent(sim, "/Faults", unavailable="on", error_rate="0.25")
    await sent(sim, "/DeliverySwitches", retry_seconds="0, 1.5 2")
    await sent(sim, "/WebhookSwitches", webhook_delete_status="200", envelope="value")
    response = await sent(sim, "/Authentication", scopes="connector-protimeapi-people.read")
    assert response.headers["location"] == "/control#Authentication"
    changes = {"unavailable": True, "error_rate": 0.25, "retry_seconds": [0, 1.5, 2]}
    changes |= {"webhook_delete_status": 200, "envelope": "value"}
    assert await settings(sim) == {**before, **changes, "scopes": ["connector-protimeapi-people.read"]}
    await sent(sim, "/Faults", unavailable=None)
    assert (await settings(sim))["unavailable"] is False


@pytest.mark.parametrize(
    ("group", "name", "text"),
    [
        ("Lists", "page_size", "many"),
        ("Lists", "page_size", "0"),
        ("Faults", "error_rate", "2"),
        ("Time", "time_factor", "nan"),
        ("WebhookSwitches", "envelope", "box"),
        ("DeliverySwitches", "retry_seconds", "soon"),
        ("DeliverySwitches", "retry_seconds", ""),
        ("TenantData", "timezone", "Mars/North"),
    ],
)
async def test_a_wrong_value_is_told_beside_its_form_and_changes_nothing(
    sim: Any, group: str, name: str, text: str
) -> None:
    before = await settings(sim)
    changes = {"page_size": "7"} if group == "Lists" and name != "page_size" else {}
    response = await sent(sim, f"/{group}", **changes, **{name: text})
    assert response.status_code == 400
    page = Page(response.text)
    ((where, reason),) = page.alerts
    assert where == group
    assert name in reason
    if page.form(f"/{group}").kinds[name] != "select":
        assert page.form(f"/{group}").fields[name] == text
    assert await settings(sim) == before


async def test_all_that_others_named_is_escaped(make_sim: Any) -> None:
    sim = await make_sim()
    sim.settings.tenant = "<script>alert(1)</script>"
    sim.settings.signature_prefix = '"><img src=x onerror=alert(1)>'
    await sim.post("/webhooks", HOOK)
    await sim.get("/people/<i>")
    text = (await sim.http.get("/control")).text
    assert "<script>alert" not in text
    assert "<img" not in text
    page = Page(text)
    assert page.tags.count("b") == page.tags.count("i") == 0
    assert HOOK["destinationUrl"] in page.cells
    assert page.form("/WebhookSwitches").fields["signature_prefix"] == sim.settings.signature_prefix


async def test_the_counts_are_shown(sim: Any) -> None:
    await sim.get("/people")
    cells = (await shown(sim)).cells
    assert cells[cells.index("GET /people") + 1] == "1"
    assert cells[cells.index("pending deliveries") + 1] == "0"
    assert cells[cells.index("deliveries: sent") + 1] == "0"


async def test_changes_are_generated_by_a_button(sim: Any) -> None:
    response = await sent(sim, "/generate", collection="absences", changes="3", count="2", seed="1")
    assert response.status_code == 303
    states = (await sim.control("GET", "/state/absences")).json().values()
    assert {"AwaitingApproval", "Approved"} & {entry["record"]["approvalLevel"] for entry in states}
    response = await sent(sim, "/generate", changes="three")
    assert response.status_code == 400
    assert len(Page(response.text).alerts) == 1


@pytest.mark.parametrize("action", ["disable", "delete", "expire"])
async def test_a_webhook_ends_by_a_button(sim: Any, action: str) -> None:
    created = (await sim.post("/webhooks", HOOK)).json()
    assert (await sent(sim, f"/webhooks/{created['id']}/{action}")).status_code == 303
    assert (await sim.get(f"/webhooks/{created['id']}")).json()["status"] == "Disabled"
    assert ("Deleted" if action == "delete" else "Disabled") in (await shown(sim)).cells


async def test_deltas_expire_by_buttons_one_or_all(sim: Any) -> None:
    _, one, _ = await sim.follow(START)
    _, two, _ = await sim.follow("/people?delta")
    (first, second) = (await sim.control("GET", "/deltas")).json()
    assert (first["collection"], second["collection"]) == ("assignments", "people")
    assert (await sent(sim, f"/deltas/{first['id']}")).status_code == 303
    assert [(await sim.get(link)).status_code for link in (one, two)] == [410, 200]
    response = await sim.http.post(f"/control/forms/deltas/{first['id']}")
    assert (response.status_code, len(Page(response.text).alerts)) == (400, 1)
    await sent(sim, "/expire-deltas")
    assert (await sim.get(two)).status_code == 410


async def test_tokens_of_callers_and_of_pages_expire_by_buttons(make_sim: Any) -> None:
    sim = await make_sim(page_size=1)
    link = (await sim.get("/people")).json()["nextLink"]
    await sent(sim, "/expire-paging-tokens")
    assert (await sim.get(link)).status_code == 409
    assert len((await sim.follow("/people"))[0]) == 10
    await sent(sim, "/revoke-tokens")
    assert (await sim.get("/people")).status_code == 401


async def test_reset_brings_the_seeds_data_back_and_forgets_the_rest(sim: Any) -> None:
    before = (await sim.control("GET", "/state/people")).json()
    created = (await sim.post("/webhooks", HOOK)).json()
    _, delta, _ = await sim.follow("/people?delta")
    await sim.control("POST", "/records/people", {"id": 1, "lastName": "New"})
    await sim.add()
    assert (await sent(sim, "/reset")).status_code == 303
    assert (await sim.get("/people")).status_code == 401
    await sim.log_in()
    assert (await sim.control("GET", "/state/people")).json() == before
    assert (await sim.control("GET", "/state/assignments")).json() == {}
    assert (await sim.get(f"/webhooks/{created['id']}")).status_code == 404
    assert (await sim.get(delta)).status_code == 410
    assert (await sim.control("GET", "/stats")).json()["deliveries"]["sent"] == 0


async def test_after_a_reset_webhooks_deliver_again(sim: Any) -> None:
    await sim.control("POST", "/reset")
    await sim.log_in()
    await sim.post("/webhooks", HOOK)
    await sim.add()
    for _ in range(200):
        if sim.receiver.posts:
            break
        await asyncio.sleep(0.005)
    assert len(sim.receiver.posts) == 1


@pytest.mark.parametrize("path", ["settings/Moon", "actions/dance"])
async def test_an_unknown_form_is_404(sim: Any, path: str) -> None:
    assert (await sim.http.post(f"/control/forms/{path}")).status_code == 404


async def test_an_unknown_webhook_is_told_on_the_page(sim: Any) -> None:
    response = await sim.http.post("/control/forms/webhooks/x/disable")
    assert (response.status_code, len(Page(response.text).alerts)) == (400, 1)

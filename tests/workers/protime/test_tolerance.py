"""v1 grows: what the client does not know yet passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from tests.workers.protime.fakes import API, HOST, Api, answer, client
from workers.protime import ClientCredentials, NotFound, Protime, Webhook

GUID = "550e8400-e29b-41d4-a716-446655440000"
END = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)


@pytest.mark.rule("1.2-unknown-properties")
async def test_a_page_may_have_properties_that_nobody_knows() -> None:
    record = {"id": 1, "changeVersion": "0A", "colour": {"name": "red"}}
    api = Api(answer(body={"value": [record], "totalCount": 1, "extra": None}))
    (page,) = [page async for page in client(api).list("shift-definitions")]
    assert msgspec.json.decode(page.items[0]) == record


@pytest.mark.rule("1.2-unknown-properties")
async def test_a_change_may_have_properties_that_nobody_knows() -> None:
    item = {"changeType": "Delete", "data": {"id": 1, "changeVersion": "0A", "why": "x"}, "eventId": 7}
    api = Api(answer(body={"value": [item], "deltaLink": f"{API}/delta/people?deltaToken=b"}))
    page = await client(api).delta_pull(f"{API}/delta/people?deltaToken=a")
    assert [(found.deleted, msgspec.json.decode(found.data)) for found in page.items] == [
        (True, item["data"])
    ]


@pytest.mark.rule("1.2-unknown-values", "8.3-status")
@pytest.mark.parametrize("status", ["Uninitialized", "Paused"])
async def test_a_webhook_may_have_a_status_that_nobody_knows(status: str) -> None:
    api = Api(answer(body={"id": GUID, "status": status, "owner": "somebody"}))
    assert (await client(api).get_webhook(GUID)).status == status


@pytest.mark.rule("1.2-unknown-values", "8.3-status")
@pytest.mark.parametrize(
    ("status", "lives", "enabled"),
    [
        ("Enabled", True, True),
        ("enabled", True, True),
        ("", True, True),
        ("Uninitialized", True, False),
        ("Paused", True, False),
        ("Disabled", False, False),
        ("disabled", False, False),
    ],
)
def test_only_a_disabled_or_expired_webhook_is_dead(status: str, lives: bool, enabled: bool) -> None:
    webhook = Webhook("1", status, valid_until=END)
    assert (webhook.lives(END - timedelta(seconds=1)), webhook.enabled) == (lives, enabled)
    assert not webhook.lives(END)
    assert Webhook("1", status).lives(END) is lives


@pytest.mark.rule("1.2-unknown-values")
async def test_a_change_may_be_of_a_type_that_nobody_knows() -> None:
    item = {"changeType": "Archive", "data": {"id": 1, "changeVersion": "0A"}}
    api = Api(answer(body={"value": [item], "deltaLink": f"{API}/delta/people?deltaToken=b"}))
    (found,) = (await client(api).delta_pull(f"{API}/delta/people?deltaToken=a")).items
    assert (found.change_type, found.deleted) == ("Archive", False)


@pytest.mark.rule("1.3-ids")
@pytest.mark.parametrize("number", [757085, GUID])
async def test_an_id_is_an_integer_or_a_guid(number: int | str) -> None:
    api = Api(answer(body={"id": number, "changeVersion": "0A"}))
    assert (await client(api).get("shift-definitions", number)).head.id == number
    assert api.asked == [f"GET {API}/shift-definitions/{number}"]


@pytest.mark.rule("7-absent")
@pytest.mark.parametrize("body", [{"id": 1}, {"id": 1, "changeVersion": None}])
async def test_a_record_may_have_no_version(body: dict[str, object]) -> None:
    assert (await client(Api(answer(body=body))).get("activity-durations", 1)).version == ""


@pytest.mark.rule("1.1-two-hosts")
async def test_tokens_come_from_a_host_of_their_own() -> None:
    api = Api(answer(body={"access_token": "t", "expires_in": 1800}), answer(body={"value": []}))
    agent = "PlanningSync/v1 (Acme Corp)"
    async with api.http() as http:
        login = ("https://authentication.example.eu", "acme", "id", "secret", ("scope",))
        tokens = ClientCredentials(*login, user_agent=agent, http=http)
        protime = Protime(HOST, "acme", agent, tokens, http=http)
        assert [page async for page in protime.list("shift-definitions")]
    assert [request.url.host for request in api.requests] == [
        "authentication.example.eu",
        "acme.myprotime.eu",
    ]


@pytest.mark.rule("4.2-codes", "4.2-items")
@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": "Gone", "message": "m"}},
        {"error": {"code": "NotReallyHere", "message": 5}},
        {"code": "TooManyRequests", "message": "m", "validationErrors": [["person"], "x"]},
    ],
)
async def test_the_status_decides_and_the_code_does_not(body: dict[str, object]) -> None:
    with pytest.raises(NotFound):
        await client(Api(answer(404, body))).get("people", 1)

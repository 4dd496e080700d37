from __future__ import annotations

import asyncio
import time
from datetime import date
from typing import Any

import httpx
import msgspec
import pytest

from tests.workers.protime.fakes import AGENT, API, Answer, Api, Tokens, answer, client
from workers.protime import (
    Conflict,
    CreatedWebhook,
    Endless,
    FilterError,
    ForeignLink,
    Gone,
    Invalid,
    KeyMissing,
    Malformed,
    NotFound,
    Page,
    PermissionDenied,
    Protime,
    ProtimeError,
    Transient,
    Unconfirmed,
    UriTooLong,
    date_window,
    field,
)

WINDOW = field("date").between(date(2025, 1, 1), date(2025, 1, 31))
PEOPLE = {"people": "@employee-number"}
TWO = {"people": "@employee-number", "activity-definitions": "@data-entry-code"}
WINDOW_QUERY = "date%20ge%20'2025-01-01'%20and%20date%20le%20'2025-01-31'"
LAST = answer(body={"value": []})
GUID = "a7d853ea-89eb-4735-83d1-b891c6fde398"


async def pages_of(protime: Protime, *arguments: Any) -> list[Page]:
    return [page async for page in protime.list(*arguments)]


@pytest.mark.rule("1.1-api-base", "3.2-encoding", "3.4-page-size")
@pytest.mark.parametrize(
    ("where", "references", "query"),
    [
        (WINDOW, None, f"filter={WINDOW_QUERY}"),
        (WINDOW, PEOPLE, f"filter={WINDOW_QUERY}&externalReferences=(people,@employee-number)"),
        (
            field("person").is_in(1, 2, 3) & WINDOW,
            None,
            f"filter=person%20in%20(1,2,3)%20and%20{WINDOW_QUERY}",
        ),
        (
            field("person").in_set("org-group", 200, 201) & WINDOW,
            None,
            f"filter=person%20in%20org-group%20(200,201)%20and%20{WINDOW_QUERY}",
        ),
        (
            field("person").is_in(1, 2, 3) & WINDOW,
            TWO,
            (
                f"filter=person%20in%20(1,2,3)%20and%20{WINDOW_QUERY}"
                "&externalReferences=(people,@employee-number)(activity-definitions,@data-entry-code)"
            ),
        ),
        ("date ge '2025-01-01'   and person in ( 1,2 )", None, None),
    ],
)
async def test_lists_are_asked_for_as_in_the_documentation(
    where: Any, references: Any, query: str | None
) -> None:
    api = Api(LAST)
    await pages_of(client(api), "assignments", where, references)
    # A filter written by hand goes out as it is.
    expected = query or "filter=date%20ge%20'2025-01-01'%20%20%20and%20person%20in%20(%201,2%20)"
    assert api.asked == [f"GET {API}/assignments?{expected}"]


@pytest.mark.rule("1.4-bearer", "1.4-user-agent", "1.4-json", "3.8-by-id")
async def test_one_resource_is_asked_for_as_in_the_documentation() -> None:
    body = b'{"changeVersion":"0001E7C5000098FA0013","id":757085,"isRejected":false}'
    api = Api(answer(body=body))
    found = await client(api).get("assignments", 757085)
    assert api.asked == [f"GET {API}/assignments/757085"]
    assert (found.body, found.version) == (body, "0001E7C5000098FA0013")
    headers = api.requests[0].headers
    assert headers["authorization"] == "Bearer first"
    assert headers["user-agent"] == AGENT
    assert headers["accept"] == "application/json"
    assert headers["host"] == "acme.myprotime.eu"


@pytest.mark.rule("3.7-where")
async def test_one_resource_can_carry_external_references() -> None:
    api = Api()
    await client(api).get("clockings", 1, [("people", "@employee-number")])
    assert api.asked == [f"GET {API}/clockings/1?externalReferences=(people,@employee-number)"]


@pytest.mark.rule("3.8-by-reference")
async def test_an_id_cannot_leave_its_collection() -> None:
    api = Api()
    await client(api).get("people", "../../webhooks?x#y")
    assert api.asked == [f"GET {API}/people/..%2F..%2Fwebhooks%3Fx%23y"]
    for collection in ("..", "", "a/../b", "a?b", "/x"):
        with pytest.raises(ValueError, match="is not a collection"):
            await client(api).get(collection, 1)


@pytest.mark.rule("3.4-relative", "6.1-flag", "6.1-path", "6.2-token")
async def test_the_delta_of_the_tutorial() -> None:
    """The requests of the tutorial's step 6, answered with its very answers."""
    token = "eyJkZWx0YUlkIjo2NzcsInN0YXJ0aW5nQ3Vyc29yIjowfQ=="
    following = "eyJkZWx0YUlkIjo2NzcsInN0YXJ0aW5nQ3Vyc29yIjoxMjM0fQ=="
    link = f"{API}/assignments?filter=date ge '2026-01-01'&continuationToken=eyJ2YW&deltaToken=eyJkZW"
    api = Api(
        answer(body={"value": [{"changeVersion": "0001E7C5000098FA0015", "id": 757086}], "nextLink": link}),
        answer(body={"value": [], "deltaLink": f"{API}/delta/assignments?deltaToken={token}"}),
        answer(
            body={
                "value": [
                    {"changeType": "Delete", "data": {"changeVersion": "0001E7C5000098FA0016", "id": 757085}}
                ],
                "deltaLink": f"{API}/delta/assignments?deltaToken={following}",
            }
        ),
    )
    protime = client(api)
    first, last = [page async for page in protime.delta_start("assignments", date_window(date(2026, 1, 1)))]
    pulled = await protime.delta_pull(last.delta_link)
    assert api.asked == [
        f"GET {API}/assignments?filter=date%20ge%20'2026-01-01'&delta",
        f"GET {API}/assignments?filter=date%20ge%20'2026-01-01'&continuationToken=eyJ2YW&deltaToken=eyJkZW",
        f"GET {API}/delta/assignments?deltaToken={token}",
    ]
    assert [msgspec.json.decode(item.data)["id"] for item in first.items] == [757086]
    assert (first.delta_link, first.next_link, last.items, last.next_link) == ("", link, [], "")
    assert [(item.deleted, bytes(item.data)) for item in pulled.items] == [
        (True, b'{"changeVersion":"0001E7C5000098FA0016","id":757085}')
    ]
    assert pulled.delta_link.endswith(following)


@pytest.mark.rule("6.4-once")
async def test_a_delta_asks_for_references_once_and_takes_no_filter_where_there_is_none() -> None:
    api = Api(answer(body={"value": [], "deltaLink": "/d"}))
    protime = client(api)
    async for _ in protime.delta_start("clockings", "date ge '2026-01-01'", {"people": "@badge-number"}):
        pass
    async for _ in protime.delta_start("people"):
        pass
    assert api.asked == [
        f"GET {API}/clockings?filter=date%20ge%20'2026-01-01'&delta&externalReferences=(people,@badge-number)",
        f"GET {API}/people?delta",
    ]


async def test_a_delta_protime_would_refuse_is_not_asked_for() -> None:
    api = Api()
    with pytest.raises(FilterError):
        async for _ in client(api).delta_start("assignments", f"person eq 1 and {WINDOW}"):
            pass
    with pytest.raises(FilterError):
        async for _ in client(api).delta_start("assignments", WINDOW, today=date(2027, 1, 1)):
            pass
    assert api.requests == []


async def test_an_interrupted_start_of_a_delta_goes_on_where_it_stopped() -> None:
    api = Api(answer(body={"value": [{"id": 1}], "deltaLink": "/d"}))
    (page,) = [page async for page in client(api).delta_start_from("assignments", "/a?b c&deltaToken=x")]
    assert api.asked == ["GET /a?b%20c&deltaToken=x"]
    assert (page.delta_link, len(page.items)) == ("/d", 1)


@pytest.mark.rule("6.1-unpaged")
async def test_a_delta_answer_that_comes_in_pages_is_read_to_its_end() -> None:
    change = {"changeType": "Delete", "data": {"id": 1}}
    api = Api(
        answer(body={"value": [change], "nextLink": "/delta/a?continuationToken=2"}),
        answer(body={"value": [change], "deltaLink": "/delta/a?deltaToken=3"}),
    )
    found = await client(api).delta_pull("/delta/a?deltaToken=1")
    assert (len(found.items), found.delta_link) == (2, "/delta/a?deltaToken=3")


@pytest.mark.rule("3.4-end")
async def test_only_a_missing_link_ends_a_list() -> None:
    api = Api(
        answer(body={"value": [{"id": 1}], "nextLink": "/x?continuationToken=1"}),
        answer(body={"value": [], "nextLink": "/x?continuationToken=2"}),
        answer(body={"value": [{"id": 2}]}),
    )
    found = await pages_of(client(api), "people")
    assert [len(page.items) for page in found] == [1, 0, 1]
    assert api.asked == [f"GET {API}/people", "GET /x?continuationToken=1", "GET /x?continuationToken=2"]


async def test_an_interrupted_list_goes_on_where_it_stopped() -> None:
    api = Api(LAST)
    assert [page async for page in client(api).list_from("people", "/x?continuationToken=e yJ")] == [Page([])]
    assert api.asked == ["GET /x?continuationToken=e%20yJ"]


@pytest.mark.rule("3.4-other-host")
async def test_a_link_to_another_host_is_not_followed() -> None:
    api = Api(answer(body={"value": [], "nextLink": "https://evil.example/x"}))
    with pytest.raises(ForeignLink):
        await pages_of(client(api), "people")
    with pytest.raises(ForeignLink):
        await client(api).delta_pull("//evil.example/x")
    assert len(api.requests) == 1


async def test_a_link_of_absurd_length_is_not_sent() -> None:
    api = Api(answer(body={"value": [], "nextLink": "/x?continuationToken=" + "e" * 100_000}))
    with pytest.raises(UriTooLong):
        await pages_of(client(api), "people")
    assert len(api.requests) == 1


async def test_a_page_that_names_itself_as_the_next_does_not_turn_in_circles() -> None:
    api = Api(answer(body={"value": [], "nextLink": "/x y"}))
    with pytest.raises(Endless, match="itself"):
        await pages_of(client(api), "people")
    assert len(api.requests) == 2


@pytest.mark.rule("3.4-expired")
async def test_an_expired_paging_token_is_for_the_caller_to_restart() -> None:
    api = Api(answer(body={"value": [], "nextLink": "/x"}), answer(409, {"error": {"code": "Conflict"}}))
    with pytest.raises(Conflict):
        await pages_of(client(api), "people")


@pytest.mark.rule("3.5-split")
async def test_somebody_in_two_groups_comes_once_from_a_list_in_several_goes() -> None:
    api = Api(answer(body={"value": [{"id": 1}, {"note": "no id"}]}))
    groups = field("person").in_set("org-group", *range(100_000, 101_000))
    found = [page.items for page in await pages_of(client(api), "assignments", groups & WINDOW)]
    assert len(api.requests) == 3
    assert [len(items) for items in found] == [2, 1, 1]


@pytest.mark.rule("3.5-split")
async def test_a_long_list_of_people_is_asked_for_in_several_urls() -> None:
    api = Api(LAST)
    people = list(range(100_000, 101_000))
    await pages_of(client(api), "assignments", field("person").is_in(*people) & WINDOW, TWO)
    assert len(api.requests) == 3
    assert all(len(str(request.url)) <= 3000 for request in api.requests)
    text = str(field("person").is_in(*people) & WINDOW)
    by_hand = Api(LAST)
    await pages_of(client(by_hand), "assignments", text, TWO)
    assert by_hand.asked == api.asked


@pytest.mark.rule("4.1-410")
async def test_an_expired_delta_is_gone() -> None:
    with pytest.raises(Gone):
        await client(Api(answer(410, b""))).delta_pull("/d")


@pytest.mark.rule("2.3-401-once")
async def test_a_refused_token_is_renewed_once() -> None:
    api, tokens = Api(answer(401, b""), answer()), Tokens()
    await client(api, tokens=tokens).get("people", 1)
    assert [request.headers["authorization"] for request in api.requests] == ["Bearer first", "Bearer second"]


@pytest.mark.rule("2.3-401-once")
async def test_a_401_that_stays_is_a_missing_permission_and_costs_one_refresh() -> None:
    api, tokens = Api(answer(401, {"error": {"code": "Unauthorized", "message": "no"}})), Tokens(*"abcdef")
    protime = client(api, tokens=tokens)
    for _ in range(3):
        with pytest.raises(PermissionDenied) as caught:
            await protime.get("people", 1)
        assert caught.value.status == 401
    assert (tokens.refreshes, len(api.requests)) == (1, 4)
    # Another route may have the permission, so it gets its own chance.
    with pytest.raises(PermissionDenied):
        await protime.get("clockings", 1)
    assert tokens.refreshes == 2


async def test_a_token_source_without_another_token_ends_it() -> None:
    api, tokens = Api(answer(401, b"")), Tokens("only")
    with pytest.raises(PermissionDenied):
        await client(api, tokens=tokens).get("people", 1)
    assert len(api.requests) == 1


@pytest.mark.rule("2.3-missing-scope")
async def test_403_fetches_no_token() -> None:
    api, tokens = Api(answer(403, b"")), Tokens()
    with pytest.raises(PermissionDenied):
        await client(api, tokens=tokens).get("assignments", 1)
    assert (tokens.refreshes, len(api.requests)) == (0, 1)


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(429, b"", retry_after="7"), Transient),
        (answer(500, b"<html>"), Transient),
        (answer(503, b""), Transient),
        (answer(302, b"", location="https://evil.example/"), ProtimeError),
        (answer(404, b""), NotFound),
        (answer(200, b"<html>maintenance</html>"), Malformed),
        (httpx.ConnectTimeout("x"), Transient),
        (httpx.ReadTimeout("x"), Transient),
        (httpx.RemoteProtocolError("x"), Transient),
        (httpx.DecodingError("x"), Transient),
    ],
)
async def test_nothing_is_retried_here(response: Answer, kind: type[ProtimeError]) -> None:
    api = Api(response)
    with pytest.raises(kind):
        await client(api).get("people", 1)
    assert len(api.requests) == 1


async def test_an_error_names_the_request_but_not_the_token() -> None:
    api = Api(answer(400, {"error": {"code": "BadRequest", "message": "the token 'first' is odd"}}))
    with pytest.raises(Invalid) as caught:
        await client(api).get("people", 17)
    assert str(caught.value) == f"GET {API}/people/17: 400 BadRequest: the token '…' is odd"


async def test_an_unreadable_success_names_its_request() -> None:
    with pytest.raises(Malformed) as caught:
        await client(Api(answer(body=b"<html>"))).get("people", 17)
    assert str(caught.value) == f"GET {API}/people/17: 200: the answer is not a record"


async def test_every_request_is_counted_by_its_route() -> None:
    seen: list[tuple[str, str, int | None]] = []

    def on_request(method: str, route: str, status: int | None, seconds: float) -> None:
        assert 0 <= seconds < 5
        seen.append((method, route, status))

    api = Api(
        answer(401, b""),
        answer(),
        answer(body={"value": [], "nextLink": "/x"}),
        LAST,
        answer(body={"value": [], "deltaLink": "/d"}),
        httpx.ReadTimeout("x"),
    )
    protime = client(api, on_request=on_request)
    await protime.get("people", 1)
    await pages_of(protime, "people")
    await protime.delta_pull(f"{API}/delta/assignments?deltaToken=x")
    with pytest.raises(Transient):
        await protime.get_webhook(GUID)
    assert seen == [
        ("GET", "people/{id}", 401),
        ("GET", "people/{id}", 200),
        ("GET", "people", 200),
        ("GET", "people", 200),
        ("GET", "delta/assignments", 200),
        ("GET", "webhooks/{id}", None),
    ]


@pytest.mark.rule("4.3-limit")
async def test_the_rate_limit_is_asked_before_every_request() -> None:
    class Limit:
        count = 0

        async def acquire(self) -> None:
            self.count += 1
            await asyncio.sleep(0)

    limit, api = Limit(), Api(answer(401, b""), answer())
    await client(api, limit=limit).get("people", 1)
    assert limit.count == 2


async def test_requests_at_the_same_time_keep_their_own_tokens() -> None:
    class Turns:
        """A token source that hands out another token each time."""

        count = 0

        async def token(self, *, refresh: str | None = None) -> str:  # noqa: ARG002 - never refused
            self.count += 1
            number = self.count
            await asyncio.sleep(0)
            return f"t{number}"

    api = Api()
    protime = client(api, tokens=Turns())
    await asyncio.gather(*(protime.get("people", n) for n in range(5)))
    sent = [request.headers["authorization"] for request in api.requests]
    assert sorted(sent) == [f"Bearer t{n}" for n in range(1, 6)]


@pytest.mark.rule("3.7-where", "8.2-body", "8.2-references")
async def test_a_webhook_is_created_with_its_collection_and_references() -> None:
    created = {
        "id": GUID,
        "key": "private",
        "validUntil": "2026-03-31T12:30:00+02:00",
        "status": "Enabled",
        "destinationUrl": "https://consumer.example/protime/clockings",
        "collectionName": "clockings",
    }
    api = Api(answer(201, created, location=f"{API}/webhooks/{GUID}"))
    made = await client(api).create_webhook("https://consumer.example/protime/clockings", "clockings", PEOPLE)
    (request,) = api.requests
    assert api.asked == [f"POST {API}/webhooks?externalReferences=(people,@employee-number)"]
    assert request.headers["content-type"] == "application/json"
    assert msgspec.json.decode(request.content) == {
        "destinationUrl": "https://consumer.example/protime/clockings",
        "collectionName": "clockings",
    }
    assert isinstance(made, CreatedWebhook)
    assert (made.id, made.key, made.webhook.status) == (GUID, "private", "Enabled")
    assert made.valid_until is not None
    assert made.valid_until.isoformat() == "2026-03-31T12:30:00+02:00"


@pytest.mark.rule("8.2-key-name")
@pytest.mark.parametrize(
    "name", ["key", "privateKey", "webhookKey", "privateWebhookKey", "privateWebHookKey", "secret"]
)
async def test_the_key_is_found_under_any_of_its_likely_names(name: str) -> None:
    api = Api(answer(201, {"id": GUID, name: "private"}))
    assert (await client(api).create_webhook("https://c.example/", "clockings")).key == "private"


@pytest.mark.rule("8.2-key-name")
async def test_the_names_of_the_key_can_be_configured() -> None:
    api = Api(answer(201, {"id": GUID, "hmacKey": "right", "key": "wrong"}))
    made = await client(api, webhook_key_names=["hmacKey", "key"]).create_webhook(
        "https://c.example/", "people"
    )
    assert made.key == "right"


@pytest.mark.rule("8.2-no-key")
async def test_a_webhook_without_a_key_is_deleted_again_and_its_secret_not_told() -> None:
    api = Api(
        answer(201, {"hmac": "s3cr3t", "key": None}, location=f"{API}/webhooks/{GUID}"), answer(204, b"")
    )
    with pytest.raises(KeyMissing, match=r"hmac, id, key.*webhook_key_names.*deleted again") as caught:
        await client(api).create_webhook("https://c.example/", "clockings")
    assert api.asked == [f"POST {API}/webhooks", f"DELETE {API}/webhooks/{GUID}"]
    assert "s3cr3t" not in str(caught.value)


async def test_a_webhook_without_a_key_that_cannot_be_deleted_is_still_told_by_its_cause() -> None:
    api = Api(answer(201, {"id": GUID}), answer(503, b""))
    with pytest.raises(KeyMissing, match=f"{GUID} could not be deleted again: DELETE .* 503"):
        await client(api).create_webhook("https://c.example/", "clockings")


@pytest.mark.rule("4.3-post-once", "8.2-lost-answer")
@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (httpx.ReadTimeout("x"), Unconfirmed),
        (httpx.RemoteProtocolError("x"), Unconfirmed),
        (answer(504, b""), Unconfirmed),
        (answer(201, b""), Unconfirmed),
        (httpx.ConnectError("x"), Transient),
        (answer(503, b""), Unconfirmed),
        (answer(429, b""), Transient),
        (answer(400, b""), Invalid),
    ],
)
async def test_a_creation_is_never_repeated_blindly(response: Answer, kind: type[ProtimeError]) -> None:
    api = Api(response)
    with pytest.raises(ProtimeError) as caught:
        await client(api).create_webhook("https://c.example/", "clockings")
    assert isinstance(caught.value, kind)
    assert len(api.requests) == 1


async def test_a_creation_that_was_refused_for_its_token_may_be_repeated() -> None:
    api = Api(answer(401, b""), answer(201, {"id": GUID, "key": "k"}))
    assert (await client(api).create_webhook("https://c.example/", "clockings")).id == GUID
    assert api.requests[0].content == api.requests[1].content


@pytest.mark.rule("3.3-webhooks", "8.4-list")
async def test_webhooks_are_listed_with_a_filter() -> None:
    api = Api(
        answer(body={"value": [{"id": "1", "status": "Disabled"}], "nextLink": "/x"}),
        answer(body={"value": [{"id": "2"}]}),
    )
    found = await client(api).list_webhooks("status eq 'Disabled'")
    assert api.asked == [f"GET {API}/webhooks?filter=status%20eq%20'Disabled'", "GET /x"]
    assert [webhook.id for webhook in found] == ["1", "2"]


@pytest.mark.rule("8.4-delete-status")
async def test_deleting_a_webhook_that_is_gone_is_fine() -> None:
    api = Api(answer(404, b""), answer(204, b""), answer(200, b""), answer(503, b""))
    for _ in range(3):
        await client(api).delete_webhook(GUID)
    with pytest.raises(Transient):
        await client(api).delete_webhook(GUID)


async def test_only_a_client_of_its_own_is_closed() -> None:
    api = Api()
    http = api.http()
    async with Protime("https://acme.myprotime.eu", "acme", AGENT, Tokens(), http=http):
        pass
    assert not http.is_closed
    async with Protime("https://acme.myprotime.eu", "acme", AGENT, Tokens()) as own:
        assert repr(own) == "Protime(https://acme.myprotime.eu, tenant acme)"


async def test_a_request_costs_little() -> None:
    """A guard against a hot path gone slow, with room for a busy machine: 300 requests take well under a second."""
    api, started = Api(answer(body=b'{"id":1}')), time.perf_counter()
    protime = client(api)
    for number in range(300):
        await protime.get("assignments", number, PEOPLE)
    assert time.perf_counter() - started < 1.5

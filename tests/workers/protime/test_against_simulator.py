"""The client against the stand-in of a Protime tenant, in one process and without a socket."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from simulator.app import create_app
from simulator.settings import Settings
from tests.workers.protime.fakes import AGENT
from workers.protime import (
    AuthenticationFailed,
    ClientCredentials,
    Conflict,
    DeltaPage,
    Gone,
    Invalid,
    KeyMissing,
    Malformed,
    NotFound,
    PermissionDenied,
    Protime,
    RateLimited,
    Transient,
    UriTooLong,
    date_window,
    field,
    scopes_for,
)
from workers.protime.collections import COLLECTIONS

READABLE = [
    name for name in COLLECTIONS if name not in ("activity-definitions", "external-references", "webhooks")
]
WEBHOOKED = [name for name, known in COLLECTIONS.items() if known.webhook]
TODAY = datetime.now(UTC).date()
#: A delta's window reaches back to January of last year, and generated records lie on today.
SINCE = TODAY - timedelta(days=40)


class Clock:
    """The simulator's time; `ahead` seconds are added to the real one."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Tenant:
    """A simulated tenant, its controls, and a client with the scopes it needs."""

    http: httpx.AsyncClient
    tokens: ClientCredentials
    protime: Protime
    clock: Clock
    calls: list[tuple[str, str, int | None]]

    async def switch(self, **settings: Any) -> None:
        await self.control("PATCH", "settings", settings)

    async def put(self, collection: str, record: dict[str, Any]) -> dict[str, Any]:
        stored: dict[str, Any] = (await self.control("POST", f"records/{collection}", record)).json()
        return stored

    async def remove(self, collection: str, number: int) -> None:
        await self.control("DELETE", f"records/{collection}/{number}")

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        answered = await self.http.request(method, f"http://localhost/control/{path}", json=body)
        answered.raise_for_status()
        return answered

    def source(self, scopes: tuple[str, ...], secret: str = "simulated-secret") -> ClientCredentials:
        return ClientCredentials(
            "http://localhost", "acme", "shiftwire", secret, scopes, user_agent=AGENT, http=self.http
        )


Start = Callable[..., AbstractAsyncContextManager[Tenant]]


@pytest.fixture
def start() -> Start:
    @asynccontextmanager
    async def run(**settings: Any) -> AsyncIterator[Tenant]:
        chosen = {"people": 12, "rate_limit_per_minute": 0, **settings}
        clock, calls = Clock(), list[tuple[str, str, int | None]]()
        app = create_app(Settings(**chosen), clock=clock)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as http:
            tenant = Tenant(http, None, None, clock, calls)  # type: ignore[arg-type]
            tenant.tokens = tenant.source(scopes_for(READABLE, manage_webhooks=True))
            tenant.protime = Protime(
                "http://localhost",
                "acme",
                AGENT,
                tenant.tokens,
                http=http,
                on_request=lambda method, route, status, _: calls.append((method, route, status)),
            )
            await tenant.control("POST", "generate", {"collection": "assignments", "count": 30, "changes": 0})
            yield tenant

    return run


@pytest.fixture
async def tenant(start: Start) -> AsyncIterator[Tenant]:
    async with start() as running:
        yield running


async def listed(tenant: Tenant, collection: str, *arguments: Any) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(raw)
        async for page in tenant.protime.list(collection, *arguments)
        for raw in page.items
    ]


async def started(tenant: Tenant, collection: str, *arguments: Any, **options: Any) -> list[DeltaPage]:
    return [page async for page in tenant.protime.delta_start(collection, *arguments, **options)]


def window(collection: str) -> str | None:
    return date_window(SINCE) if COLLECTIONS[collection].dated else None


async def truth(tenant: Tenant, collection: str) -> dict[str, Any]:
    found: dict[str, Any] = (await tenant.control("GET", f"state/{collection}")).json()
    return found


@pytest.mark.parametrize("collection", READABLE)
async def test_every_collection_of_the_table_can_be_listed(tenant: Tenant, collection: str) -> None:
    for record in (await listed(tenant, collection, window(collection)))[:3]:
        assert record["id"]


@pytest.mark.parametrize("collection", WEBHOOKED)
async def test_every_webhook_collection_has_a_delta_and_accepts_a_subscription(
    tenant: Tenant, collection: str
) -> None:
    pages = await started(tenant, collection, window(collection), today=TODAY)
    assert (await tenant.protime.delta_pull(pages[-1].delta_link)).items == []
    made = await tenant.protime.create_webhook(f"https://c.example/{collection}", collection)
    assert made.webhook.collection_name == collection


async def test_a_list_reads_all_pages_through_empty_ones(start: Start) -> None:
    async with start(page_size=7, empty_pages=2) as tenant:
        pages = [page async for page in tenant.protime.list("assignments", date_window(date(2000, 1, 1)))]
        found = [msgspec.json.decode(raw)["id"] for page in pages for raw in page.items]
        assert any(not page.items for page in pages)
        assert sorted(map(str, found)) == sorted(await truth(tenant, "assignments"))
        assert len(set(found)) == len(found) > 7


async def test_filters_mean_what_they_say(tenant: Tenant) -> None:
    assignment = (await listed(tenant, "assignments", date_window(SINCE)))[0]
    for day in (SINCE - timedelta(days=1), SINCE, TODAY + timedelta(days=1)):
        await tenant.put("assignments", {**assignment, "id": None, "person": {"id": 3}, "from": str(day)})
    window_ = field("date").between(SINCE, TODAY)
    everything = await listed(tenant, "assignments", window_)
    assert {record["from"] for record in everything} == {str(SINCE), str(TODAY)}
    mine = await listed(tenant, "assignments", field("person").is_in(1, 2) & window_)
    assert mine == [record for record in everything if record["person"]["id"] in (1, 2)]
    assert 0 < len(mine) < len(everything)


async def test_a_list_of_people_too_long_for_a_url_finds_them_all(tenant: Tenant) -> None:
    many = field("person").is_in(*range(1, 2000)) & field("date").between(SINCE)
    found = await listed(tenant, "assignments", many)
    assert found == await listed(tenant, "assignments", str(many))
    assert sorted(r["id"] for r in found) == sorted(
        r["id"] for r in await listed(tenant, "assignments", date_window(SINCE))
    )


async def test_external_references_come_beside_the_ids(tenant: Tenant) -> None:
    (first, *_) = await listed(tenant, "assignments", date_window(SINCE), {"people": "@employee-number"})
    assert first["person"]["externalReferences"]["@employee-number"]
    one = await tenant.protime.get("assignments", first["id"], [("people", "@employee-number")])
    assert msgspec.json.decode(one.body)["person"] == first["person"]


async def test_one_resource_is_read_with_its_version(tenant: Tenant) -> None:
    (first, *_) = await listed(tenant, "assignments", date_window(SINCE))
    found = await tenant.protime.get("assignments", first["id"])
    assert (msgspec.json.decode(found.body), found.version) == (first, first["changeVersion"])
    await tenant.remove("assignments", first["id"])
    with pytest.raises(NotFound):
        await tenant.protime.get("assignments", first["id"])


async def test_a_paging_token_that_expired_is_a_conflict(start: Start) -> None:
    async with start(page_size=5, continuation_life_seconds=60) as tenant:
        pages = tenant.protime.list("assignments", date_window(SINCE))
        first = await anext(pages)
        tenant.clock.ahead = 61
        with pytest.raises(Conflict):
            await anext(pages)
        with pytest.raises(Conflict):
            await anext(tenant.protime.list_from("assignments", first.next_link or ""))


async def test_a_list_goes_on_from_a_stored_link(start: Start) -> None:
    async with start(page_size=5) as tenant:
        whole = await listed(tenant, "assignments", date_window(SINCE))
        first = await anext(tenant.protime.list("assignments", date_window(SINCE)))
        rest = [page async for page in tenant.protime.list_from("assignments", first.next_link or "")]
        raws = [raw for page in (first, *rest) for raw in page.items]
        assert [msgspec.json.decode(raw) for raw in raws] == whole


async def test_a_continuation_token_that_grows_too_long_is_told_apart(start: Start) -> None:
    async with start(page_size=5, continuation_padding=4000) as tenant:
        with pytest.raises(UriTooLong):
            await listed(tenant, "assignments", date_window(SINCE))


@pytest.mark.parametrize("empty_last", [True, False])
async def test_a_delta_starts_with_everything_and_then_brings_changes_once(
    start: Start, empty_last: bool
) -> None:
    async with start(page_size=9, delta_empty_last_page=empty_last) as tenant:
        pages = await started(tenant, "assignments", date_window(SINCE), today=TODAY)
        known = [msgspec.json.decode(item.data) for page in pages for item in page.items]
        assert known == await listed(tenant, "assignments", date_window(SINCE))
        assert all(not page.delta_link for page in pages[:-1])

        changed, removed = known[0], known[1]
        await tenant.put("assignments", {"id": changed["id"], "comments": "later"})
        await tenant.remove("assignments", removed["id"])
        first = await tenant.protime.delta_pull(pages[-1].delta_link)
        seen = {msgspec.json.decode(item.data)["id"]: item for item in first.items}
        assert {number: item.deleted for number, item in seen.items()} == {
            changed["id"]: False,
            removed["id"]: True,
        }
        assert set(msgspec.json.decode(seen[removed["id"]].data)) == {"changeVersion", "id"}

        second = await tenant.protime.delta_pull(first.delta_link)
        assert (second.items, bool(second.delta_link)) == ([], True)
        again = await tenant.protime.delta_pull(pages[-1].delta_link)
        assert len(again.items) == 2


async def test_an_interrupted_start_of_a_delta_goes_on_from_its_link(start: Start) -> None:
    async with start(page_size=9) as tenant:
        first = await anext(tenant.protime.delta_start("assignments", date_window(SINCE)))
        rest = [page async for page in tenant.protime.delta_start_from("assignments", first.next_link)]
        numbers = [msgspec.json.decode(i.data)["id"] for page in (first, *rest) for i in page.items]
        assert len(numbers) == len(await listed(tenant, "assignments", date_window(SINCE)))
        await tenant.protime.delta_pull(rest[-1].delta_link)


async def test_a_delta_carries_the_references_of_its_start(tenant: Tenant) -> None:
    pages = await started(tenant, "assignments", date_window(SINCE), {"people": "@badge-number"})
    record = msgspec.json.decode(pages[0].items[0].data)
    await tenant.put("assignments", {"id": record["id"], "comments": "later"})
    (item,) = (await tenant.protime.delta_pull(pages[-1].delta_link)).items
    assert msgspec.json.decode(item.data)["person"]["externalReferences"]["@badge-number"]


async def test_a_delta_dies_after_72_hours_unasked(tenant: Tenant) -> None:
    link = (await started(tenant, "people"))[-1].delta_link
    tenant.clock.ahead = 71 * 3600
    link = (await tenant.protime.delta_pull(link)).delta_link
    tenant.clock.ahead += 73 * 3600
    with pytest.raises(Gone):
        await tenant.protime.delta_pull(link)


async def test_a_second_delta_supersedes_the_first_or_is_refused(tenant: Tenant) -> None:
    first = (await started(tenant, "people"))[-1].delta_link
    second = (await started(tenant, "people"))[-1].delta_link
    with pytest.raises(Gone):
        await tenant.protime.delta_pull(first)
    assert (await tenant.protime.delta_pull(second)).delta_link
    await tenant.switch(second_delta="conflict")
    with pytest.raises(Conflict):
        await started(tenant, "people")


@pytest.mark.parametrize(
    "where", ["date ge '2001-01-01'", "date ge '2999-01-01'", "person in (1) and date ge '2026-01-01'"]
)
async def test_what_the_client_refuses_in_a_delta_protime_refuses_too(tenant: Tenant, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        await started(tenant, "assignments", where, today=TODAY)
    assert caught.value.status is None
    query = f"/connector/protimeapi/api/v1/assignments?filter={where}&delta"
    token = await tenant.tokens.token()
    headers = {"Authorization": f"Bearer {token}", "User-Agent": AGENT}
    assert (await tenant.http.get(f"http://localhost{query}", headers=headers)).status_code == 400


async def test_the_life_of_a_webhook(tenant: Tenant) -> None:
    protime, before = tenant.protime, datetime.now(UTC)
    made = await protime.create_webhook(
        "https://c.example/a/token", "assignments", {"people": "@employee-number"}
    )
    assert made.key
    assert made.valid_until is not None
    assert before < made.valid_until < before + timedelta(days=31)
    assert await protime.get_webhook(made.id) == made.webhook
    assert await protime.list_webhooks() == (made.webhook,)
    assert await protime.list_webhooks("status eq 'Disabled'") == ()
    await tenant.control("POST", f"webhooks/{made.id}", {"action": "disable"})
    (disabled,) = await protime.list_webhooks(field("status").eq("Disabled"))
    assert (disabled.id, disabled.status) == (made.id, "Disabled")
    await protime.delete_webhook(made.id)
    await protime.delete_webhook(made.id)
    assert await protime.list_webhooks() == ()


async def test_a_key_under_an_unknown_name_leaves_no_webhook_behind(start: Start) -> None:
    async with start(webhook_key_property="hmacSecret") as tenant:
        with pytest.raises(KeyMissing, match="hmacSecret"):
            await tenant.protime.create_webhook("https://c.example/", "clockings")
        assert await tenant.protime.list_webhooks() == ()


async def test_a_refused_destination_says_why(tenant: Tenant) -> None:
    with pytest.raises(Invalid, match="https") as caught:
        await tenant.protime.create_webhook("ftp://c.example/", "clockings")
    assert caught.value.reasons


async def test_a_token_that_was_revoked_is_replaced_unseen(tenant: Tenant) -> None:
    await listed(tenant, "people")
    await tenant.control("DELETE", "tokens")
    assert await listed(tenant, "people")
    assert [status for _, _, status in tenant.calls] == [200, 401, 200]


async def test_one_token_serves_many_requests(tenant: Tenant) -> None:
    for _ in range(3):
        await listed(tenant, "people")
    counted = (await tenant.control("GET", "stats")).json()["calls"]
    assert counted["POST /connect/token"] == 1


async def test_a_missing_scope_is_a_missing_permission(tenant: Tenant) -> None:
    narrow = Protime(
        "http://localhost", "acme", AGENT, tenant.source(scopes_for(["people"])), http=tenant.http
    )
    with pytest.raises(PermissionDenied) as caught:
        await narrow.get("assignments", 1)
    assert caught.value.status == 403


@pytest.mark.parametrize(
    "wrong", [{"secret": "wrong"}, {"scopes": ("connector-protimeapi-shifts.read",)}], ids=["secret", "scope"]
)
async def test_a_wrong_client_is_a_matter_of_configuration(tenant: Tenant, wrong: dict[str, Any]) -> None:
    tokens = tenant.source(**{"scopes": scopes_for(["people"]), **wrong})
    with pytest.raises(AuthenticationFailed):
        await tokens.token()


async def test_planning_flex_closes_the_assignments(start: Start) -> None:
    async with start(planning_flex="all") as tenant:
        with pytest.raises(PermissionDenied, match="Planning Flex"):
            await listed(tenant, "assignments", date_window(SINCE))


async def _token_503(tenant: Tenant) -> None:
    await tenant.switch(token_status=503)
    await tenant.tokens.token()


async def _maintenance(tenant: Tenant) -> None:
    await tenant.switch(unavailable=True, retry_after_seconds=17, html_errors=True)
    await tenant.protime.get("people", 1)


async def _error_500(tenant: Tenant) -> None:
    await tenant.switch(error_burst=1)
    await tenant.protime.get("people", 1)


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


async def test_too_many_requests_say_how_long_to_wait(start: Start) -> None:
    async with start(rate_limit_per_minute=5) as tenant:
        for _ in range(5):
            await listed(tenant, "people")
        with pytest.raises(RateLimited) as caught:
            await listed(tenant, "people")
        assert caught.value.retry_after is not None
        assert 0 < caught.value.retry_after <= 60

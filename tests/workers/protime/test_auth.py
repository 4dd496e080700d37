from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.protime.fakes import AGENT, Answer, Api, answer
from workers.protime import (
    AuthenticationFailed,
    ClientCredentials,
    Malformed,
    ProtimeError,
    RateLimited,
    Transient,
)
from workers.protime.auth import token_answer, token_form, usable_until

SCOPES = ("connector-protimeapi-assignments.read", "connector-protimeapi-assignments.write")
SECRET = "your-client-secret"


def granted(token: str, life: Any = 1800, scope: str = " ".join(SCOPES)) -> httpx.Response:
    return answer(body={"access_token": token, "expires_in": life, "token_type": "Bearer", "scope": scope})


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class Shelf:
    """A token store for several sources in one process; counts who got the lock."""

    def __init__(self) -> None:
        self.held: tuple[str, float] | None = None
        self.locks = 0
        self._lock = asyncio.Lock()

    async def get(self) -> tuple[str, float] | None:
        return self.held

    async def put(self, token: str, expires_at: float) -> None:
        self.held = (token, expires_at)

    def lock(self) -> AbstractAsyncContextManager[object]:
        self.locks += 1
        return self._lock


def source(api: Api, **options: Any) -> ClientCredentials:
    return ClientCredentials(
        "https://authentication.myprotime.eu",
        "acme",
        "your-client-id",
        SECRET,
        SCOPES,
        user_agent=AGENT,
        http=api.http(),
        **options,
    )


@pytest.mark.rule("2.1-request", "2.1-grant-type", "2.1-scope-list", "2.2-tenant")
async def test_the_token_request_is_that_of_the_tutorial() -> None:
    api = Api(granted("t1"))
    assert await source(api).token() == "t1"
    (request,) = api.requests
    assert str(request.url) == "https://authentication.myprotime.eu/tenants/acme/connect/token"
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["user-agent"] == AGENT
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "your-client-id",
        "client_secret": SECRET,
        "scope": "connector-protimeapi-assignments.read connector-protimeapi-assignments.write",
    }


@pytest.mark.rule("2.1-credentials")
@given(st.text(), st.text(), st.lists(st.from_regex(r"\A[a-z.-]+\Z")))
def test_any_secret_survives_the_form(client: str, secret: str, scopes: list[str]) -> None:
    form = dict(parse_qsl(token_form(client, secret, scopes).decode(), keep_blank_values=True))
    assert (form["client_id"], form["client_secret"], form["scope"]) == (client, secret, " ".join(scopes))


@pytest.mark.rule("2.2-life")
async def test_one_token_serves_its_life_minus_a_margin() -> None:
    api, clock = Api(granted("t1"), granted("t2")), Clock()
    tokens = source(api, clock=clock)
    assert [await tokens.token() for _ in range(3)] == ["t1"] * 3
    clock.now += 1739
    assert await tokens.token() == "t1"
    clock.now += 1
    assert await tokens.token() == "t2"
    assert len(api.requests) == 2


@pytest.mark.parametrize(("life", "until"), [(1800, 1740), (60, 54), (2, 1.8)])
def test_the_margin_is_a_minute_or_a_tenth_of_a_short_life(life: float, until: float) -> None:
    assert usable_until(0, life) == pytest.approx(until)


@pytest.mark.rule("2.2-one-token")
async def test_however_many_ask_at_once_one_request_goes_out() -> None:
    api = Api(granted("t1"))
    tokens = source(api)
    assert set(await asyncio.gather(*(tokens.token() for _ in range(50)))) == {"t1"}
    assert len(api.requests) == 1


async def test_a_refused_token_is_replaced_once_for_all_who_were_refused() -> None:
    api = Api(granted("t1"), granted("t2"))
    tokens = source(api)
    await tokens.token()
    fresh = await asyncio.gather(*(tokens.token(refresh="t1") for _ in range(20)))
    assert set(fresh) == {"t2"}
    assert await tokens.token() == "t2"
    assert len(api.requests) == 2


async def test_those_who_waited_for_a_failed_request_fail_with_it() -> None:
    api = Api(answer(503, retry_after="7"), granted("t1"))
    tokens = source(api)
    results = await asyncio.gather(*(tokens.token() for _ in range(10)), return_exceptions=True)
    assert {type(result) for result in results} == {Transient}
    assert len(api.requests) == 1
    assert await tokens.token() == "t1"


async def test_a_caller_who_gives_up_leaves_the_others_their_token() -> None:
    api = Api(granted("t1"))
    tokens = source(api)
    first = asyncio.create_task(tokens.token())
    second = asyncio.create_task(tokens.token())
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "t1"


@pytest.mark.rule("2.2-one-token")
async def test_processes_share_one_token_through_a_store() -> None:
    api, shelf = Api(granted("t1"), granted("t2")), Shelf()
    first, second = source(api, store=shelf), source(api, store=shelf)
    assert [*await asyncio.gather(first.token(), second.token())] == ["t1", "t1"]
    assert len(api.requests) == 1
    assert [*await asyncio.gather(first.token(refresh="t1"), second.token(refresh="t1"))] == ["t2", "t2"]
    assert len(api.requests) == 2


async def test_a_token_in_the_store_is_used_without_taking_the_lock() -> None:
    api, shelf, clock = Api(granted("t2")), Shelf(), Clock()
    shelf.held = ("t1", clock.now + 10)
    tokens = source(api, store=shelf, clock=clock)
    assert (await tokens.token(), shelf.locks, api.requests) == ("t1", 0, [])
    clock.now += 10
    assert (await tokens.token(), shelf.locks) == ("t2", 1)
    assert shelf.held == ("t2", clock.now + 1740)


@pytest.mark.rule("2.2-trouble")
@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (answer(400, {"error": "invalid_client"}), AuthenticationFailed),
        (answer(401, b""), AuthenticationFailed),
        (answer(404, b"<html>"), AuthenticationFailed),
        (answer(429, b"", retry_after="3"), RateLimited),
        (answer(500, b""), Transient),
        (answer(302, b"", location="https://evil.example/"), ProtimeError),
        (answer(200, b"<html>"), Malformed),
        (answer(200, {"expires_in": 5}), Malformed),
        (answer(200, {"access_token": "a\r\nb"}), Malformed),
        (httpx.ReadTimeout("x"), Transient),
        (httpx.ConnectError("x"), Transient),
    ],
)
async def test_a_failing_token_endpoint_says_whether_waiting_helps(
    response: Answer, kind: type[ProtimeError]
) -> None:
    with pytest.raises(ProtimeError) as caught:
        await source(Api(response)).token()
    assert type(caught.value) is kind


async def test_the_client_secret_stays_out_of_errors_and_representations() -> None:
    tokens = source(Api(answer(400, {"error": "invalid_client", "error_description": f"not {SECRET}!"})))
    with pytest.raises(AuthenticationFailed, match="invalid_client") as caught:
        await tokens.token()
    assert SECRET not in str(caught.value) + repr(vars(caught.value)) + repr(tokens)


@pytest.mark.rule("2.2-granted")
async def test_scopes_that_were_not_granted_are_named() -> None:
    tokens = source(Api(granted("t1", scope=SCOPES[0])))
    assert tokens.missing_scopes == frozenset()
    await tokens.token()
    assert tokens.missing_scopes == {SCOPES[1]}


@pytest.mark.parametrize("life", ["1800", 1800.0, 1800])
def test_the_life_of_a_token_may_be_text(life: Any) -> None:
    assert token_answer(granted("t", life).content).expires_in == 1800


@given(st.binary())
def test_no_body_breaks_the_reader(body: bytes) -> None:
    with pytest.raises(Malformed):
        token_answer(body)

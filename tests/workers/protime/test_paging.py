"""Lists that lead in circles, and lists that lead on and on."""

from __future__ import annotations

from itertools import count
from typing import Any

import httpx
import msgspec
import pytest

from tests.workers.protime.fakes import Api, answer, client
from workers.protime import Endless, Malformed, Protime
from workers.protime.paging import Trail

BASE = "/connector/protimeapi/api/v1/people?continuationToken="


def page(*numbers: int, then: str = "", **links: str) -> httpx.Response:
    more = {"nextLink": BASE + then} if then else {}
    return answer(200, {"value": [{"id": number} for number in numbers], **more, **links})


async def read(protime: Protime, found: list[int]) -> None:
    async for some in protime.list("people"):
        found.extend(msgspec.json.decode(raw)["id"] for raw in some.items)


@pytest.mark.rule("3.4-end")
async def test_a_list_that_leads_back_is_read_up_to_there_and_refused() -> None:
    api = Api(page(1, then="b"), page(2, then="c"), page(3, then="b"))
    found: list[int] = []
    with pytest.raises(Endless, match="page 3 leads back to one before it") as caught:
        await read(client(api), found)
    assert found == [1, 2, 3]
    assert len(api.requests) == 3
    assert caught.value.url == "/connector/protimeapi/api/v1/people?continuationToken=…"


async def test_a_list_that_leads_back_to_its_beginning_is_refused() -> None:
    first = answer(200, {"value": [], "nextLink": BASE + "b"})
    api = Api(first, answer(200, {"value": [], "nextLink": "/connector/protimeapi/api/v1/people"}))
    with pytest.raises(Endless):
        await read(client(api), [])
    assert len(api.requests) == 2


@pytest.mark.rule("3.4-end")
async def test_the_same_pages_under_ever_new_links_come_to_an_end() -> None:
    numbers = count(1)

    def again(_: httpx.Request) -> httpx.Response:
        return page(1, 2, then=str(next(numbers)))

    api = Api(again)
    with pytest.raises(Endless, match="100 pages in a row began as others before them"):
        await read(client(api), [])
    assert len(api.requests) == 101


@pytest.mark.parametrize("start", ["delta", "pull", "webhooks"])
async def test_no_walk_turns_in_circles(start: str) -> None:
    api = Api(page(1, then="b"), page(2, then="c"), page(3, then="b"))
    protime = client(api)

    async def begin() -> None:
        _ = [page async for page in protime.delta_start("people")]

    walks: Any = {
        "delta": begin,
        "pull": lambda: protime.delta_pull("/connector/protimeapi/api/v1/delta/people?deltaToken=x"),
        "webhooks": protime.list_webhooks,
    }
    with pytest.raises(Endless):
        await walks[start]()
    assert len(api.requests) == 3


def trail() -> Trail:
    return Trail("/0", most_empty=1000, most_repeated=3)


@pytest.mark.rule("3.4-empty-pages")
def test_many_empty_pages_are_legal_and_too_many_are_not() -> None:
    walked = trail()
    for number in range(999):
        walked.go(f"/{number}", f"/{number + 1}", [])
    walked.go("/999", "/1000", [{"id": 1}])
    for number in range(1000, 1999):
        walked.go(f"/{number}", f"/{number + 1}", [])
    with pytest.raises(Endless, match="1000 empty pages in a row"):
        walked.go("/1999", "/2000", [])


def test_a_few_pages_that_shifted_are_no_circle() -> None:
    walked = trail()
    for number, record in enumerate((1, 1, 1, 2, 2, 1)):
        walked.go(f"/{number}", f"/{number + 1}", [{"id": record}])
    with pytest.raises(Endless):
        walked.go("/6", "/7", [{"id": 1}])


def test_a_list_without_an_end_is_worth_another_try_from_its_beginning() -> None:
    assert issubclass(Endless, Malformed)

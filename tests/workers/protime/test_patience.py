"""Reads that wait for Protime where that was asked for, and what is never repeated."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.workers.protime.fakes import Api, answer, client
from tests.workers.protime.write_examples import CREATED
from workers.protime import (
    Patience,
    Protime,
    ProtimeError,
    RateLimited,
    Transient,
    Unconfirmed,
)

RECORD = answer(200, {"id": 1})
CLOCKING = {"person": {"id": 1}, "date": "2026-03-10", "timeOfDayInMinutes": 480, "kind": "InOut"}


class Waiting:
    """A clock that only waiting moves, and what was said of it."""

    def __init__(self, total_seconds: float = 300.0) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.told: list[tuple[Transient, float]] = []
        self.patience = Patience(
            total_seconds,
            told=lambda error, seconds: self.told.append((error, seconds)),
            sleep=self._sleep,
            clock=lambda: self.now,
            chance=lambda: 0.0,
        )

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def patient(api: Api, waiting: Waiting, **options: Any) -> Protime:
    return client(api, patience=waiting.patience, **options)


TROUBLES = [
    answer(429),
    answer(500, b"<html>"),
    answer(502),
    answer(503),
    answer(504),
    answer(200, b"<html>maintenance</html>"),
    answer(404, b"default backend - 404"),
    httpx.ConnectError(""),
    httpx.ReadTimeout(""),
    httpx.RemoteProtocolError(""),
]


@pytest.mark.rule("4.3-wait")
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_a_read_is_repeated_until_protime_answers(trouble: httpx.Response | Exception) -> None:
    waiting, api = Waiting(), Api(trouble, trouble, RECORD)
    assert (await patient(api, waiting).get("people", 1)).body == b'{"id":1}'
    assert waiting.waits == [1, 2]
    assert [seconds for _, seconds in waiting.told] == waiting.waits


@pytest.mark.rule("4.3-wait")
async def test_retry_after_is_waited_for_as_a_whole() -> None:
    waiting, api = Waiting(), Api(answer(503, retry_after="120"), RECORD)
    await patient(api, waiting).get("people", 1)
    assert waiting.waits == [120]


async def test_what_would_come_too_late_is_not_waited_for() -> None:
    waiting, api = Waiting(60), Api(answer(429, retry_after="61"), RECORD)
    with pytest.raises(RateLimited) as caught:
        await patient(api, waiting).get("people", 1)
    assert (waiting.waits, waiting.told, caught.value.retry_after) == ([], [], 61)


async def test_no_read_is_waited_for_beyond_the_total() -> None:
    waiting, api = Waiting(100), Api(answer(503))
    with pytest.raises(Transient):
        await patient(api, waiting).get("people", 1)
    assert waiting.waits == [1, 2, 4, 8, 16, 32]
    assert sum(waiting.waits) <= 100


async def test_what_a_slow_failure_takes_counts_for_the_total() -> None:
    waiting = Waiting(100)

    def slow(_: httpx.Request) -> httpx.Response:
        waiting.now += 60
        raise httpx.ReadTimeout("")

    with pytest.raises(Transient):
        await patient(Api(slow), waiting).get("people", 1)
    assert waiting.waits == [1]


async def test_each_page_of_a_list_is_waited_for_anew_and_none_comes_twice() -> None:
    def page(number: int, **link: str) -> httpx.Response:
        return answer(200, {"value": [{"id": number}], **link})

    bad, link = answer(503), "/connector/protimeapi/api/v1/people?continuationToken=2"
    waiting, api = Waiting(5), Api(bad, bad, page(1, nextLink=link), bad, bad, page(2))
    found = [bytes(raw) async for found in patient(api, waiting).list("people") for raw in found.items]
    assert found == [b'{"id":1}', b'{"id":2}']
    assert waiting.waits == [1, 2, 1, 2]


@pytest.mark.rule("4.3-post-once")
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "webhook"])
async def test_what_changes_something_is_never_repeated(
    method: str, trouble: httpx.Response | Exception
) -> None:
    waiting, api = Waiting(), Api(trouble)
    protime = patient(api, waiting)
    doing = {
        "POST": lambda: protime.create_clocking(CLOCKING),
        "PUT": lambda: protime.update_assignment(757085, CREATED),
        "DELETE": lambda: protime.delete_assignment(757085),
        "webhook": lambda: protime.create_webhook("https://c.example/", "clockings"),
    }[method]
    if isinstance(trouble, httpx.Response) and trouble.is_success and method in ("PUT", "DELETE"):
        await doing()
    else:
        with pytest.raises((Transient, Unconfirmed)):
            await doing()
    assert len(api.requests) == 1
    assert waiting.waits == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 414])
async def test_an_answer_that_waiting_does_not_change_is_raised_at_once(status: int) -> None:
    waiting, api = Waiting(), Api(answer(status, b""))
    with pytest.raises(ProtimeError):
        await patient(api, waiting).get("people", 1)
    assert waiting.waits == []


async def test_a_token_endpoint_that_is_away_is_waited_for_by_a_read() -> None:
    class Away:
        asked = 0

        async def token(self, *, refresh: str | None = None) -> str:  # noqa: ARG002
            self.asked += 1
            if self.asked < 3:
                raise Transient("no answer")
            return "token"

    waiting = Waiting()
    await patient(Api(RECORD), waiting, tokens=Away()).get("people", 1)
    assert waiting.waits == [1, 2]


@pytest.mark.rule("4.3-wait")
async def test_a_turn_that_the_shared_limit_puts_off_is_waited_for() -> None:
    class Far:
        asked = 0

        async def acquire(self) -> None:
            self.asked += 1
            if self.asked == 1:
                raise RateLimited("not sent", retry_after=42)

        async def pause(self, seconds: float) -> None: ...

    waiting = Waiting()
    await patient(Api(RECORD), waiting, limit=Far()).get("people", 1)
    assert waiting.waits == [42]


async def test_without_patience_nothing_is_repeated_and_a_patient_twin_changes_nothing_of_that() -> None:
    waiting, api = Waiting(), Api(answer(503), answer(503), RECORD)
    plain = client(api)
    twin = plain.patient(waiting.patience)
    with pytest.raises(Transient):
        await plain.get("people", 1)
    await twin.get("people", 1)
    assert len(api.requests) == 3

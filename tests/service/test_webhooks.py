"""Every documented answer of `POST /webhooks/…` (design §7), and that what was answered 202 is in the inbox."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from tests.service.rig import (
    KEY,
    OLD_KEY,
    PATH,
    SECRETS,
    TOKEN,
    Client,
    change,
    encoded,
    headers,
    serving,
    settings,
    signature,
    stored,
)


def answered(response: httpx.Response) -> tuple[int, Any]:
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    return response.status_code, response.json()


@pytest.mark.rule("8.5-one-post")
@pytest.mark.parametrize(
    ("body", "numbers"),
    [
        (change(7), [7]),
        ({"changeType": "Delete", "data": {"id": 8, "changeVersion": "0A"}}, [8]),
        ([change(n) for n in range(1, 6)], [1, 2, 3, 4, 5]),
        ({"value": [change(1), change(2)]}, [1, 2]),
        ([change(1), change(1)], [1, 1]),
    ],
    ids=["one", "delete", "array", "value", "twice the same"],
)
async def test_202_counts_what_was_accepted_and_all_of_it_is_in_the_inbox(
    receiver: Client, redis: Redis, body: Any, numbers: list[int]
) -> None:
    assert answered(await receiver.post(body)) == (202, {"accepted": len(numbers)})
    assert sorted(await stored(redis)) == [f"assignments/{n}" for n in numbers]


async def test_notifications_of_a_delta_collection_wait_in_an_inbox_of_their_own(
    receiver: Client, redis: Redis
) -> None:
    assert answered(await receiver.post(change(7), f"/webhooks/acme/clockings/{TOKEN}"))[0] == 202
    assert await stored(redis, "clockings") == ["clockings/7"]


@pytest.mark.parametrize("key", [KEY, OLD_KEY])
async def test_each_of_several_keys_is_accepted(receiver: Client, key: str) -> None:
    assert answered(await receiver.post(change(), key=key)) == (202, {"accepted": 1})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "expected a JSON object or array"),
        (b"not json", "expected a JSON object or array"),
        ({"changeType": "Upsert", "data": {"id": 1}}, "Invalid enum value"),
        ({"changeType": "Delete", "data": {"id": "1"}}, "Expected `int`, got `str`"),
        ([], "the array is empty"),
        (b"\xff{}", "not UTF-8"),
    ],
)
async def test_400_says_why_a_signed_body_is_no_notification(
    receiver: Client, redis: Redis, body: Any, words: str
) -> None:
    status, said = answered(await receiver.post(body))
    assert (status, list(said)) == (400, ["error"])
    assert words in said["error"]
    assert await stored(redis) == []


@pytest.mark.rule("8.6-signed")
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"x-protime-signature": ""},
        {"x-protime-signature": "garbage"},
        {"x-protime-signature": signature(encoded(change()), "another key")},
        {"x-protime-signature": signature(b"another body")},
        {"x-another-header": signature(encoded(change()))},
        {"authorization": "Bearer " + KEY},
    ],
    ids=["none", "empty", "garbage", "another key", "another body", "another header", "bearer"],
)
async def test_401_without_a_good_signature_and_without_a_reason(
    receiver: Client, redis: Redis, sent: dict[str, str]
) -> None:
    response = await receiver.http.post(PATH, content=encoded(change()), headers=sent)
    assert answered(response) == (401, {"error": "bad signature"})
    assert await stored(redis) == []


@pytest.mark.rule("8.6-before-content")
async def test_the_signature_is_checked_before_anything_is_said_about_the_body(receiver: Client) -> None:
    response = await receiver.http.post(PATH, content=b"not json", headers={"x-protime-signature": "no"})
    assert response.status_code == 401


@pytest.mark.rule("8.6-header")
async def test_any_of_the_configured_header_names_will_do(redis: Redis, redis_url: str) -> None:
    tenant = {"signature": {"header": ["X-First", "X-Second"], "algorithm": "sha512"}}
    async with serving(settings(redis_url, tenants={"acme": tenant})) as client:
        body = encoded(change())
        sent = hmac.digest(KEY.encode(), body, hashlib.sha512).hex().upper()
        for name in ("x-first", "X-SECOND"):
            assert (await client.http.post(PATH, content=body, headers={name: sent})).status_code == 202


@pytest.mark.rule("8.7-refusals")
@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/acme/assignments/another-token-of-the-receiver",
        f"/webhooks/acme/absences/{TOKEN}",
        f"/webhooks/other/assignments/{TOKEN}",
        f"/webhooks/acme/assignments/{TOKEN}/",
        f"/webhooks/acme/assignments/{TOKEN}/more",
        f"/webhooks/ACME/assignments/{TOKEN}",
        "/webhooks/acme/assignments/",
        "/webhooks/acme",
        "/webhooks/",
        "/webhooks//////",
        "/webhooks/%00/%ff/%20",
    ],
)
async def test_404_for_every_path_nobody_made(receiver: Client, path: str) -> None:
    assert answered(await receiver.post(change(), path)) == (404, {"error": "unknown path"})


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_405_for_everything_but_post(receiver: Client, method: str) -> None:
    response = await receiver.http.request(method, PATH)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_413_for_a_length_over_the_limit(receiver: Client) -> None:
    response = await receiver.http.post(PATH, content=b"x" * 65537)
    assert answered(response) == (413, {"error": "the body is larger than 65536 bytes"})
    assert response.headers["connection"] == "close"


async def test_413_for_a_body_of_unknown_length_that_never_ends(receiver: Client) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    response = await receiver.http.post(PATH, content=endless())
    assert answered(response)[0] == 413
    assert sent < 20_000_000


async def test_a_body_at_the_limit_is_accepted(receiver: Client) -> None:
    body = encoded(change(1, comments="x" * 65000))
    body += b" " * (65536 - len(body))
    assert (await receiver.post(body)).status_code == 202
    assert (await receiver.post(body + b" ")).status_code == 413


async def test_a_body_in_pieces_is_put_together(receiver: Client, redis: Redis) -> None:
    body = encoded([change(n) for n in range(20)])

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 7):
            yield body[at : at + 7]
            await asyncio.sleep(0)

    response = await receiver.http.post(PATH, content=pieces(), headers=headers(body))
    assert answered(response) == (202, {"accepted": 20})
    assert len(await stored(redis)) == 20


@pytest.mark.rule("8.7-refusals")
async def test_503_and_retry_after_when_the_backlog_is_full(redis: Redis, redis_url: str) -> None:
    store = {"max_backlog": 2, "partitions": 1}
    async with serving(settings(redis_url, store=store)) as client:
        assert [(await client.post(change(n))).status_code for n in (1, 2)] == [202, 202]
        full = await client.post(change(3))
        assert answered(full) == (503, {"error": "the backlog is full, try again"})
        assert full.headers["retry-after"] == "5"
        await redis.delete("sw:{acme:0}:inbox")
        assert (await client.post(change(3))).status_code == 202


async def test_the_end_of_one_bad_request_does_not_touch_the_good_ones_beside_it(
    receiver: Client, redis: Redis
) -> None:
    async def bad(n: int) -> int:
        bodies: list[Any] = [b"\xff", b"[" * 50_000, {"changeType": 1}, b"x" * 70_000, change(n)]
        key = "another key" if n % 5 == 4 else KEY
        return (await receiver.post(bodies[n % 5], key=key)).status_code

    async def good(n: int) -> int:
        return (await receiver.post(change(1000 + n))).status_code

    answers = await asyncio.gather(*(f(n) for n in range(50) for f in (bad, good)))
    assert set(answers[1::2]) == {202}
    assert set(answers[::2]) == {400, 413, 401}
    assert sorted(await stored(redis)) == [f"assignments/{1000 + n}" for n in range(50)]


async def test_no_answer_holds_a_secret(receiver: Client) -> None:
    texts = []
    for body in (change(), b"x", {"changeType": 1}, b"x" * 70_000):
        for key in (KEY, "another key"):
            texts += [(await receiver.post(body, key=key)).text]
    texts += [
        (await receiver.get(path)).text for path in ("/metrics", "/readyz", "/livez", "/schemas/x", PATH)
    ]
    texts.append((await receiver.post(change(), PATH + "x")).text)
    assert not [(s, t) for s in SECRETS for t in texts if s in t]


async def test_the_body_of_an_error_is_json_with_one_sentence(receiver: Client) -> None:
    response = await receiver.post(b"{")
    assert json.loads(response.content).keys() == {"error"}

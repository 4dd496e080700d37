"""Which key verifies which path: tokens of the configuration, and subscriptions that come and go while we run."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from service.receivers import CannotSay, Receivers
from tests.service.processes import OwnRedis
from tests.service.rig import KEY, Client, change, config, encoded, managed, serving, settings, signature
from workers.store import Store
from workers.store.scripts import Scripts
from workers.store.subscriptions import Subscription, Subscriptions
from workers.store.vault import CannotOpen, Vault

TOKEN = "token-that-protime-was-given"
PATH = f"/webhooks/acme/assignments/{TOKEN}"
SUBSCRIPTIONS = "sw:{acme}:subscriptions"


def subscription(*keys: str, token: str = TOKEN) -> Subscription:
    url = f"https://hooks.example.com/webhooks/acme/assignments/{token}"
    return Subscription("assignments", token, url, datetime.now(UTC), "webhook-id" if keys else "", keys)


def subscriptions(
    redis: Redis, secret_key: str = "secret-key-of-the-tests-with-32-characters"
) -> Subscriptions:
    return Subscriptions(Scripts(redis), Vault(secret_key))


@pytest.fixture
async def receiver(redis: Redis, redis_url: str) -> AsyncIterator[Client]:
    async with serving(managed(redis_url)) as client:
        yield client


async def status(client: Client, path: str = PATH, key: str = KEY) -> int:
    return (await client.post(change(), path, key)).status_code


async def test_a_subscription_made_after_the_start_is_known_at_once(receiver: Client, redis: Redis) -> None:
    assert await status(receiver) == 404
    await subscriptions(redis).put("acme", subscription(KEY))
    assert await status(receiver) == 202


async def test_a_subscription_is_known_however_shortly_before_somebody_asked_in_vain(
    receiver: Client, redis: Redis
) -> None:
    for n in range(3):
        token = f"token-number-{n}"
        asked = asyncio.create_task(status(receiver, "/webhooks/acme/assignments/no-such-path"))
        await asyncio.sleep(0.01 * n)
        await subscriptions(redis).put("acme", subscription(KEY, token=token))
        assert await status(receiver, f"/webhooks/acme/assignments/{token}") == 202
        assert await asked == 404


async def test_a_subscription_whose_key_is_not_known_yet_answers_503_and_then_works_at_once(
    receiver: Client, redis: Redis
) -> None:
    await subscriptions(redis).put("acme", subscription())
    response = await receiver.post(change(), PATH)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert response.json() == {"error": "this subscription is being created, try again"}
    await subscriptions(redis).put("acme", subscription(KEY))
    assert await status(receiver) == 202


async def test_every_key_of_a_subscription_is_accepted_and_no_other(receiver: Client, redis: Redis) -> None:
    await subscriptions(redis).put("acme", subscription("first", "second"))
    assert [await status(receiver, key=key) for key in ("first", "second", "third")] == [202, 202, 401]


@pytest.mark.rule("8.5-own-path")
async def test_the_key_of_one_path_opens_no_other(receiver: Client, redis: Redis) -> None:
    await subscriptions(redis).put("acme", subscription("first", token="one"))
    await subscriptions(redis).put("acme", subscription("second", token="two"))
    assert await status(receiver, "/webhooks/acme/assignments/one", "second") == 401
    assert await status(receiver, "/webhooks/acme/clockings/one", "first") == 404


async def test_a_path_is_accepted_whatever_host_protime_was_given_for_it(
    receiver: Client, redis: Redis
) -> None:
    """After a change of public_url, what is still sent to the old one arrives as long as that leads here."""
    elsewhere = f"https://old.example.com/webhooks/acme/assignments/{TOKEN}"
    made = msgspec.structs.replace(subscription(KEY), destination_url=elsewhere, retired_at=datetime.now(UTC))
    await subscriptions(redis).put("acme", made)
    assert await status(receiver) == 202


async def test_a_removed_subscription_is_404_within_seconds(receiver: Client, redis: Redis) -> None:
    await subscriptions(redis).put("acme", subscription(KEY))
    assert await status(receiver) == 202
    await subscriptions(redis).remove("acme", TOKEN)
    deadline = time.monotonic() + 5
    while await status(receiver) != 404:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_guessing_paths_costs_the_store_next_to_nothing(receiver: Client, redis: Redis) -> None:
    await status(receiver)
    await redis.config_resetstat()
    began = time.monotonic()
    guesses = [f"/webhooks/acme/assignments/guess-{n}" for n in range(200)]
    assert set(await asyncio.gather(*(status(receiver, path) for path in guesses))) == {404}
    stats = await redis.info("commandstats")
    assert stats.get("cmdstat_hgetall", {}).get("calls", 0) <= 2 + (time.monotonic() - began) / 0.2


async def test_a_path_of_no_tenant_does_not_ask_the_store(receiver: Client, redis: Redis) -> None:
    await status(receiver)
    began = time.monotonic()
    assert {await status(receiver, f"/webhooks/other/assignments/{n}") for n in range(20)} == {404}
    assert time.monotonic() - began < 0.5


async def test_an_unknown_path_is_503_while_the_store_is_away_and_a_known_one_needs_no_store_to_say_401(
    own_redis: OwnRedis,
) -> None:
    async with serving(managed(own_redis.url)) as client:
        await put(own_redis.url, subscription(KEY))
        assert await status(client) == 202
        own_redis.kill()
        response = await client.post(change(), PATH + "x")
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert response.json() == {"error": "the subscriptions cannot be read now, try again"}
        assert await status(client, key="wrong") == 401
        own_redis.start()
        assert [await status(client), await status(client, PATH + "x")] == [202, 404]


async def put(url: str, made: Subscription) -> None:
    async with Redis.from_url(url) as redis:
        await subscriptions(redis).put("acme", made)


async def test_many_unknown_paths_wait_for_one_answer_of_a_store_that_is_away(own_redis: OwnRedis) -> None:
    async with serving(managed(own_redis.url)) as client:
        assert await status(client) == 404
        own_redis.kill()
        began = time.monotonic()
        assert set(await asyncio.gather(*(status(client, f"{PATH}{n}") for n in range(100)))) == {503}
        assert time.monotonic() - began < 2


async def test_redis_never_sees_a_signing_key(redis: Redis) -> None:
    await subscriptions(redis).put("acme", subscription("a key nobody may read"))
    assert (await subscriptions(redis).all("acme"))[0].keys == ("a key nobody may read",)
    raw = repr(await redis.hgetall(SUBSCRIPTIONS)).encode()
    for form in (
        b"a key nobody may read",
        base64.b64encode(b"a key nobody may read")[:-4],
        b"keys",
        b"webhook-id",
    ):
        assert form not in raw


async def test_another_secret_key_does_not_open_them_and_says_what_to_do(redis: Redis) -> None:
    await subscriptions(redis, "the secret key before, long enough").put("acme", subscription(KEY))
    with pytest.raises(CannotOpen, match="start with the old key, or delete the subscriptions"):
        await subscriptions(redis).all("acme")


async def test_unreadable_subscriptions_are_logged_once_answer_503_and_work_when_they_are_readable(
    redis: Redis, redis_url: str
) -> None:
    await subscriptions(redis, "the secret key before, long enough").put("acme", subscription(KEY))
    with capture_logs() as logs:
        async with serving(managed(redis_url)) as client:
            assert [await status(client) for _ in range(3)] == [503, 503, 503]
            await redis.delete(SUBSCRIPTIONS)
            await subscriptions(redis).put("acme", subscription(KEY))
            assert await status(client) == 202
    [line] = [entry for entry in logs if entry["log_level"] == "error"]
    assert line["tenant"] == "acme"
    assert "secret_key" in line["error"]


@pytest.mark.parametrize("raw", [b"not sealed at all", b""])
async def test_a_damaged_record_does_not_end_the_refreshing(redis: Redis, redis_url: str, raw: bytes) -> None:
    await redis.hset(SUBSCRIPTIONS, TOKEN, raw)
    async with serving(managed(redis_url)) as client:
        assert await status(client) == 503
        await redis.delete(SUBSCRIPTIONS)
        assert await status(client) == 404


async def test_a_record_of_another_release_does_not_end_the_refreshing(redis: Redis, redis_url: str) -> None:
    sealed = Vault("secret-key-of-the-tests-with-32-characters").seal(b'{"collection": 1}')
    await redis.hset(SUBSCRIPTIONS, TOKEN, sealed)
    async with serving(managed(redis_url)) as client:
        assert await status(client) == 503


async def test_paths_that_were_known_stay_while_newer_records_cannot_be_read(redis: Redis) -> None:
    receivers = Receivers(config(managed()), Store(config(managed()), redis).subscriptions)
    await subscriptions(redis).put("acme", subscription(KEY))
    await receivers.refresh()
    await subscriptions(redis, "another secret key, long enough ....").put(
        "acme", subscription(KEY, token="newer")
    )
    await receivers.refresh()
    assert receivers.find(PATH) is not None
    with pytest.raises(CannotSay):
        await receivers.find_anew("/webhooks/acme/assignments/newer")


async def test_a_key_that_is_not_the_base64_it_should_be_is_logged_and_answers_503(
    redis: Redis, redis_url: str
) -> None:
    tenant = {"signature": {"key_encoding": "base64"}}
    good = base64.b64encode(b"raw key").decode()
    await subscriptions(redis).put("acme", subscription("not base64!"))
    await subscriptions(redis).put("acme", subscription(good, token="good"))
    with capture_logs() as logs:
        async with serving(managed(redis_url, tenants={"acme": tenant})) as client:
            assert await status(client) == 503
            body = encoded(change())
            response = await client.http.post(
                "/webhooks/acme/assignments/good",
                content=body,
                headers={"x-protime-signature": signature(body, "raw key")},
            )
            assert response.status_code == 202
    assert len([entry for entry in logs if "signature.key_encoding" in entry["event"]]) == 1
    assert "not base64!" not in repr(logs)


async def test_webhooks_made_by_hand_need_no_store_to_be_known(redis: Redis) -> None:
    receivers = Receivers(config(settings()), Store(config(settings()), redis).subscriptions)
    found = receivers.find("/webhooks/acme/assignments/token-of-the-receiver")
    assert found is not None
    assert found.keys == (b"a-signing-key-of-the-tests", b"the-signing-key-before")

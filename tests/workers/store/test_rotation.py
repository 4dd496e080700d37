"""A `secret_key` is replaced: nothing becomes unreadable, and in the end nothing needs the old one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from redis.asyncio import Redis

from workers.config import parse
from workers.store import Store
from workers.store.scripts import Scripts
from workers.store.subscriptions import Subscription, Subscriptions
from workers.store.tokens import SharedToken
from workers.store.vault import CannotOpen, Vault

OLD, NEW = "the secret key of last year, long enough", "the secret key of this year, long enough"
HASH = "sw:{acme}:subscriptions"


def subscription(token: str = "a-path-token", **fields: Any) -> Subscription:
    url = f"https://hooks.example.com/webhooks/acme/assignments/{token}"
    made = Subscription("assignments", token, url, datetime(2026, 1, 1, tzinfo=UTC), "an-id", ("a-key",))
    return msgspec.structs.replace(made, **fields)


def stored(redis: Redis, *keys: str) -> Subscriptions:
    return Subscriptions(Scripts(redis), Vault(keys[0], keys[1:]))


async def test_what_the_previous_key_sealed_is_read_and_written_with_the_new_one(redis: Redis) -> None:
    await stored(redis, OLD).put("acme", subscription())
    both = stored(redis, NEW, OLD)
    assert await both.all("acme") == [subscription()]
    await both.put("acme", subscription())
    assert await stored(redis, NEW).all("acme") == [subscription()]
    with pytest.raises(CannotOpen, match="previous_secret_keys"):
        await stored(redis, OLD).all("acme")


async def test_resealing_frees_all_records_of_the_previous_key_and_then_finds_nothing(redis: Redis) -> None:
    made = [subscription(f"token-{n}") for n in range(3)]
    for one in made[:2]:
        await stored(redis, OLD).put("acme", one)
    await stored(redis, NEW).put("acme", made[2])
    both = stored(redis, NEW, OLD)
    assert await both.reseal("acme") == 2
    assert sorted(await stored(redis, NEW).all("acme"), key=lambda s: s.token) == made
    before = await redis.hgetall(HASH)
    assert await both.reseal("acme") == 0
    assert await redis.hgetall(HASH) == before


async def test_a_record_that_changes_while_it_is_sealed_anew_stays_as_it_was_changed(redis: Redis) -> None:
    await stored(redis, OLD).put("acme", subscription())
    [(field, sealed)] = (await redis.hgetall(HASH)).items()
    await stored(redis, NEW).put("acme", subscription(webhook="newer"))
    stale = Vault(NEW).seal(msgspec.json.encode(subscription()))
    assert await Scripts(redis).run("reseal", (HASH,), field, sealed, field, stale) == 0
    assert await stored(redis, NEW).all("acme") == [subscription(webhook="newer")]


async def test_a_record_that_was_removed_while_it_is_sealed_anew_stays_removed(redis: Redis) -> None:
    await stored(redis, OLD).put("acme", subscription())
    [(field, sealed)] = (await redis.hgetall(HASH)).items()
    await stored(redis, OLD).remove("acme", "a-path-token")
    assert await Scripts(redis).run("reseal", (HASH,), field, sealed, field, b"x") == 0
    assert not await redis.exists(HASH)


async def test_the_store_has_neither_path_tokens_nor_keys_in_the_clear(redis: Redis) -> None:
    await stored(redis, NEW).put("acme", subscription())
    raw = b"".join(part for pair in (await redis.hgetall(HASH)).items() for part in pair)
    assert b"a-path-token" not in raw
    assert b"a-key" not in raw


@pytest.mark.parametrize("change", ["put", "reseal", "remove"])
async def test_a_record_that_an_earlier_release_keyed_by_its_token_is_read_and_moved(
    redis: Redis, change: str
) -> None:
    await redis.hset(HASH, "a-path-token", Vault(NEW).seal(msgspec.json.encode(subscription())))
    subscriptions = stored(redis, NEW)
    assert await subscriptions.all("acme") == [subscription()]
    match change:
        case "put":
            await subscriptions.put("acme", subscription())
        case "reseal":
            assert await subscriptions.reseal("acme") == 1
        case _:
            await subscriptions.remove("acme", "a-path-token")
    assert not await redis.hexists(HASH, "a-path-token")
    assert await subscriptions.all("acme") == ([] if change == "remove" else [subscription()])


async def test_what_an_earlier_release_wrote_beside_a_newer_one_counts_and_is_merged(redis: Redis) -> None:
    subscriptions = stored(redis, NEW)
    await subscriptions.put("acme", subscription())
    later = subscription(retired_at=datetime(2026, 2, 1, tzinfo=UTC))
    await redis.hset(HASH, "a-path-token", Vault(NEW).seal(msgspec.json.encode(later)))
    assert await subscriptions.all("acme") == [later]
    await subscriptions.reseal("acme")
    assert (await subscriptions.all("acme"), await redis.hlen(HASH)) == ([later], 1)


async def test_an_access_token_of_the_previous_key_is_used_until_it_ends(redis: Redis) -> None:
    def shared(*keys: str) -> SharedToken:
        return SharedToken(Scripts(redis), Vault(keys[0], keys[1:]), "acme", "client", ["scope"])

    await shared(OLD).put("the token", 4e9)
    assert await shared(NEW, OLD).get() == ("the token", 4e9)
    assert await shared(NEW).get() is None


async def test_the_configuration_names_the_previous_keys_and_an_empty_one_counts_as_none(
    redis: Redis,
) -> None:
    settings = {
        "public_url": "https://hooks.example.com",
        "secret_key": NEW,
        "previous_secret_keys": ["", OLD],
        "tenants": {
            "acme": {
                "client_id": "shiftwire",
                "client_secret": "a secret",
                "user_agent": "Tests/v1 (Shiftwire)",
                "collections": {"assignments": {"since": datetime.now(UTC).date()}},
            }
        },
    }
    await stored(redis, OLD).put("acme", subscription())
    assert await Store(parse(settings), redis).subscriptions.all("acme") == [subscription()]
    with pytest.raises(CannotOpen):
        await stored(redis, "").all("acme")

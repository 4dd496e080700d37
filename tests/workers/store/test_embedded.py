"""The embedded Redis keeps what it is given, and a store that would not is refused."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from workers.store import embedded
from workers.store.connect import StoreUnreachable, UnsafeStore, connect, verify


async def test_what_was_written_survives_a_kill_and_a_restart(tmp_path: Path) -> None:
    first = embedded.start(tmp_path)
    client = connect(first.url)
    await client.set("kept", "yes")
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    await client.aclose()
    second = embedded.start(tmp_path)
    client = connect(second.url)
    assert await client.get("kept") == b"yes"
    await client.aclose()
    second.stop()


TRANSACTION = b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$4\r\ndone\r\n*3\r\n$3\r\nSET\r\n$5\r\nother\r\n$1\r\n1\r\n"


@pytest.mark.parametrize("left", [3, 15, 40, len(TRANSACTION) - 3, len(TRANSACTION)])
@pytest.mark.parametrize("server", [None, embedded.packed_binary()], ids=["path", "packed"])
async def test_half_a_transaction_at_the_end_of_the_file_takes_nothing_along(
    tmp_path: Path, server: Path | None, left: int
) -> None:
    """What a loss of power leaves. Told to load such a file, Redis does the half at its next start, or forgets what came after."""
    await _kill_after(tmp_path, server, "before")
    _tear(tmp_path, TRANSACTION[:left])
    await _kill_after(tmp_path, server, "after")
    assert await _kill_after(tmp_path, server, "at last") == {b"before", b"after", b"at last"}


def _tear(directory: Path, end: bytes) -> None:
    (file,) = directory.rglob("appendonly*.aof")
    with file.open("ab") as torn:
        torn.write(end)


async def _kill_after(directory: Path, server: Path | None, key: str) -> set[bytes]:
    """The keys there are once this one is written."""
    running = embedded.start(directory, server)
    client = connect(running.url)
    await client.set(key, "yes")
    keys = set(await client.keys())
    running.process.kill()
    running.process.wait()
    await client.aclose()
    return keys


def test_a_directory_serves_one_redis_at_a_time(tmp_path: Path) -> None:
    server = embedded.start(tmp_path)
    with pytest.raises(embedded.NoRedis, match="in use"):
        embedded.start(tmp_path)
    server.stop()


def test_nobody_else_on_the_machine_reads_the_data_whoever_made_the_folder(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    server = embedded.start(tmp_path)
    files = {path.name: path.stat().st_mode & 0o077 for path in tmp_path.rglob("*")}
    server.stop()
    assert {"redis.log", "redis.sock", "appendonlydir"} <= files.keys()
    assert not any(files.values()), files


def test_a_folder_that_is_made_is_closed_to_others(tmp_path: Path) -> None:
    embedded.start(tmp_path / "data").stop()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_long_path_gets_a_socket_in_a_short_place(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    server = embedded.start(deep)
    assert server.url == embedded.url_of(deep)
    assert len(server.url) < 108
    server.stop()


def test_a_server_that_cannot_start_says_where_its_log_is(tmp_path: Path) -> None:
    with pytest.raises(embedded.NoRedis, match=r"redis\.log"):
        embedded.start(tmp_path, Path("/bin/false"))


async def test_the_embedded_redis_is_a_safe_store(redis: Redis) -> None:
    await verify(redis, allow_volatile=False)


@pytest.fixture
async def volatile(redis: Redis) -> AsyncIterator[Redis]:
    await redis.config_set("appendonly", "no")
    await redis.config_set("maxmemory-policy", "allkeys-lru")
    yield redis
    await redis.config_set("appendonly", "yes")
    await redis.config_set("maxmemory-policy", "noeviction")


async def test_a_store_that_forgets_or_evicts_is_refused_with_all_reasons(volatile: Redis) -> None:
    with pytest.raises(UnsafeStore) as refused:
        await verify(volatile, allow_volatile=False)
    assert "appendonly" in str(refused.value)
    assert "allkeys-lru" in str(refused.value)
    await verify(volatile, allow_volatile=True)


async def test_a_store_that_does_not_answer_is_named() -> None:
    client = connect("redis://127.0.0.1:1/0")
    with pytest.raises(StoreUnreachable, match=r"store\.url"):
        await verify(client, allow_volatile=False)
    await client.aclose()

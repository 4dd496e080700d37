"""A failover behind one address: the server that had it becomes a replica and hangs up on nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.exceptions import ReadOnlyError

from workers.store import embedded
from workers.store.connect import connect, connect_blocking
from workers.store.inbox import Arrival, Inbox
from workers.store.keys import Partition
from workers.store.scripts import Scripts

P = Partition("acme", 0)


class Address:
    """A socket's name that leads to one server, and later to another."""

    def __init__(self, folder: Path) -> None:
        self._old, self._new = (embedded.start(folder / name) for name in ("old", "new"))
        self._name = folder / "current"
        self._name.symlink_to(self._old.socket)
        self.url = f"unix://{self._name}"

    async def fail_over(self) -> None:
        redis = connect(self._old.url)
        await redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        await redis.aclose()
        following = self._name.with_name("next")
        following.symlink_to(self._new.socket)
        following.replace(self._name)

    def stop(self) -> None:
        self._old.stop()
        self._new.stop()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[Address]:
    made = Address(tmp_path)
    yield made
    made.stop()


async def test_what_is_appended_goes_to_the_new_primary_without_a_restart(address: Address) -> None:
    redis = connect(address.url)
    scripts = Scripts(redis)
    inbox = Inbox(scripts, partitions=1, max_backlog=0, waiting={"acme": {}})
    entry = Arrival("assignments/1", "01", deleted=False, data=b"{}")

    async def append() -> object:
        (answer,) = await scripts.run_many([inbox.notify_call(P, "assignments", [entry])])
        return answer

    at_once = [append() for _ in range(5)]
    await asyncio.gather(*at_once)  # several connections, all to the old one
    await address.fail_over()
    answers = [await append() for _ in range(8)]
    assert isinstance(answers[0], ReadOnlyError)
    assert not isinstance(answers[-1], Exception)
    await redis.aclose()


async def test_wake_ups_go_to_the_new_primary_without_a_restart(address: Address) -> None:
    redis = connect_blocking(address.url)
    redis.set("before", 1)
    await address.fail_over()
    with suppress(ReadOnlyError):
        redis.set("after", 1)
    assert redis.set("after", 1)
    redis.close()

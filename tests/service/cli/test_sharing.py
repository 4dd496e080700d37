"""Commands beside a running service: one rate limit and one token for all, and what becomes of them without a store."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from service.cli.sharing import CommonPace, Link, shared
from tests.service.cli.written import ALONE, Tenant, simulated
from workers.config import Config, load
from workers.store import Store, embedded
from workers.store.connect import connect
from workers.store.embedded import EmbeddedRedis
from workers.store.pace import SharedPace

LIST = ("clockings", "list", "acme", "--from", "2026-03-10")
CLOCK = ("clockings", "create", "acme", "--person", "3", "--date", "2026-03-10", "--kind", "InOut")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    server = embedded.start(tmp_path / "store")
    yield server
    server.stop()


@pytest.fixture
def tenant(tmp_path: Path, store: EmbeddedRedis) -> Iterator[Tenant]:
    with simulated(tmp_path) as made:
        made.use_store(store.url)
        yield made


def with_pace(tenant: Tenant, store: EmbeddedRedis, what: str, seconds: float = 0) -> None:
    """As a worker of the running service does."""

    async def work() -> None:
        redis = connect(store.url)
        pace = SharedPace(Store(config_of(tenant), redis).scripts, "acme", 600)
        await (pace.pause(seconds) if what == "pause" else pace.acquire())
        await redis.aclose()

    run(work())


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def config_of(tenant: Tenant) -> Config:
    return load(tenant.config, {})


@contextmanager
def later(seconds: float, what: Any) -> Iterator[None]:
    timer = threading.Timer(seconds, what)
    timer.start()
    yield
    timer.join()


def test_commands_share_one_token_over_the_store(tenant: Tenant) -> None:
    for _ in range(3):
        answer = tenant.here(*LIST)
        assert (answer.code, answer.err) == (0, "")
    assert tenant.calls()["POST /connect/token"] == 1


@pytest.mark.rule("4.3-wait", "4.3-limit")
@pytest.mark.parametrize("command", [LIST, (*CLOCK, "--time", "480")])
def test_a_command_waits_when_the_running_service_was_asked_to_and_says_so(
    tenant: Tenant, store: EmbeddedRedis, command: tuple[str, ...]
) -> None:
    with_pace(tenant, store, "pause", 3.5)
    began = time.monotonic()
    answer = tenant.here(*command)
    assert time.monotonic() - began > 3
    assert answer.code == 0
    assert answer.err.startswith("Waiting for a turn")
    assert answer.err.count("\n") == 1


@pytest.mark.rule("4.3-wait")
def test_a_429_to_a_command_holds_the_running_service_too(tenant: Tenant, store: EmbeddedRedis) -> None:
    tenant.switch(rate_limit_per_minute=1, rate_limit_window_seconds=4)
    assert tenant.here(*CLOCK, "--time", "480").code == 0
    refused = tenant.here(*CLOCK, "--time", "500")
    assert (refused.code, refused.err.startswith("Protime: POST ")) == (69, True)
    began = time.monotonic()
    with_pace(tenant, store, "acquire")
    assert time.monotonic() - began > 1


def test_without_a_store_a_command_works_alone_and_says_so_once(tenant: Tenant) -> None:
    tenant.use_store("redis://127.0.0.1:1/0")
    file = tenant.folder / "rows.csv"
    rows = "".join(f"{n},2026-03-10,480,InOut\n" for n in range(1, 6))
    file.write_text(f"person.id,date,timeOfDayInMinutes,kind\n{rows}")
    answer = tenant.here("clockings", "import", "acme", str(file))
    assert (answer.code, answer.out) == (0, "5 row(s): 5 created\n")
    assert (answer.err.count(ALONE), answer.err.count("\n")) == (1, 1)


def test_the_webhooks_are_listed_and_deleted_without_a_store(tenant: Tenant) -> None:
    tenant.use_store("redis://127.0.0.1:1/0")
    listed = tenant.here("subscriptions", "list", "--json")
    assert (listed.code, listed.json()) == (0, [])
    assert listed.err.count(ALONE) == 1
    deleted = tenant.here("subscriptions", "delete", "acme", "a7d853ea-89eb-4735-83d1-b891c6fde398")
    assert (deleted.code, deleted.err.count(ALONE)) == (1, 1)
    assert "has no webhook" in deleted.err


@pytest.mark.parametrize("command", [LIST, ("subscriptions", "list")])
def test_a_store_that_takes_connections_and_says_nothing_costs_seconds(
    tenant: Tenant, command: tuple[str, ...]
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        tenant.use_store(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        answer = tenant.here(*command)
    assert (answer.code, answer.err.count(ALONE)) == (0, 1)
    assert time.monotonic() - began < 7


async def test_a_store_that_goes_away_on_the_way_stops_nothing(
    tenant: Tenant, store: EmbeddedRedis, capsys: pytest.CaptureFixture[str]
) -> None:
    async with shared(config_of(tenant), "acme", ("some.scope",)) as (limit, kept):
        assert kept is not None
        await limit.acquire()
        await kept.put("token", time.time() + 60)
        async with kept.lock():
            store.stop()
            assert await kept.get() is None
        await kept.put("token", time.time() + 60)
        async with kept.lock():
            await limit.acquire()
        await limit.pause(0)
    assert capsys.readouterr().err.count(ALONE) == 1


@pytest.mark.rule("4.3-wait")
def test_a_read_waits_for_protime_with_a_line_that_says_so(tenant: Tenant) -> None:
    tenant.switch(unavailable=True, retry_after_seconds=1)
    with later(1.5, lambda: tenant.switch(unavailable=False)):
        answer = tenant.here(*LIST)
    assert answer.code == 0
    assert "Waiting 1 s for Protime: GET " in answer.err
    assert "503" in answer.err


def test_a_maintenance_longer_than_the_bound_is_not_waited_for(tenant: Tenant) -> None:
    tenant.switch(unavailable=True, retry_after_seconds=3600)
    began = time.monotonic()
    answer = tenant.here(*LIST)
    assert (answer.code, answer.out) == (69, "")
    assert "Waiting" not in answer.err
    assert time.monotonic() - began < 10


def test_a_write_is_not_repeated_while_a_read_would_be(tenant: Tenant) -> None:
    tenant.switch(unavailable=True, retry_after_seconds=1)
    answer = tenant.here(*CLOCK, "--time", "480")
    assert answer.code == 69
    assert "may have been created" in answer.err
    assert tenant.calls()["POST /clockings"] == 1


@pytest.mark.rule("4.3-look-first")
def test_an_import_says_that_it_waits_and_looks_before_it_sends_again(tenant: Tenant) -> None:
    file = tenant.folder / "rows.csv"
    file.write_text("person.id,date,timeOfDayInMinutes,kind\n1,2026-03-10,480,InOut\n")
    tenant.switch(unavailable=True, retry_after_seconds=1)
    with later(1.0, lambda: tenant.switch(unavailable=False)):
        answer = tenant.here("clockings", "import", "acme", str(file))
    assert (answer.code, answer.out) == (0, "1 row(s): 1 created\n")
    assert answer.err.startswith("Waiting 1 s for Protime: POST ")
    assert tenant.calls()["GET /clockings"] >= 1
    assert len(tenant.records("clockings")) == 1


async def test_waiting_for_turns_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    class Slow:
        async def acquire(self) -> None:
            await asyncio.sleep(2.2)

        async def pause(self, seconds: float) -> None: ...

    pace = CommonPace(Link(), Slow(), Slow())
    await asyncio.gather(*(pace.acquire() for _ in range(3)))
    assert capsys.readouterr().err.count("Waiting for a turn") == 1

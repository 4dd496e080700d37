"""What ends `run`, `serve` and `simulator` at their start: once, with one line and its exit code."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.cli.processes import Child, Family
from tests.ports import free_port
from tests.service.cli.commands import running, shiftwire
from tests.service.processes import running as own_redis


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def configured(folder: Path, **settings: Any) -> str:
    path = folder / "shiftwire.yaml"
    acme = {
        "client_id": "a",
        "client_secret": "b",
        "user_agent": "Tests/v1 (Shiftwire)",
        "collections": {"people": {}},
    }
    path.write_text(
        yaml.safe_dump(
            {
                "public_url": "https://hooks.example.com",
                "secret_key": "a-secret-key-of-the-tests-that-is-long-enough",
                "server": {"host": "127.0.0.1", "port": free_port()},
                "tenants": {"acme": acme},
                **settings,
            }
        )
    )
    return str(path)


def test_run_ends_with_78_when_the_store_would_forget(tmp_path: Path) -> None:
    for redis in own_redis(tmp_path, "--appendonly", "no"):
        answer = shiftwire("run", "--config", configured(tmp_path, store={"url": redis.url}))
    assert answer.code == 78
    assert answer.err.count("appendonly yes") == 1


@pytest.mark.parametrize("command", ["run", "serve"])
def test_a_port_that_is_taken_ends_with_1_and_the_address(command: str, tmp_path: Path, taken: int) -> None:
    server, away = {"host": "127.0.0.1", "port": taken}, {"url": "redis://127.0.0.1:1/0"}
    answer = shiftwire(command, "--config", configured(tmp_path, server=server, store=away))
    assert answer.code == 1
    last = answer.err.splitlines()[-1]
    assert f"cannot listen on 127.0.0.1:{taken}: another program listens there" in last


@pytest.mark.parametrize(
    ("host", "words"),
    [("127.0.0.1", "another program"), ("nowhere.invalid", "unknown"), ("192.0.2.1", "no such address")],
)
def test_the_simulator_says_in_one_line_why_it_cannot_listen(host: str, words: str, taken: int) -> None:
    answer = shiftwire("simulator", "--host", host, "--port", str(taken))
    assert answer.code == 1
    (line,) = answer.err.splitlines()
    assert f"cannot listen on {host}:{taken}" in line
    assert words in line


def test_the_simulator_says_where_it_is_and_who_may_ask() -> None:
    with running("simulator", "--port", "0") as process:
        assert process.stdout
        told = [process.stdout.readline() for _ in range(5)]
    url = told[1].split()[-1]
    assert url.startswith("http://127.0.0.1:")
    assert [line.split()[-1] for line in told[2:]] == ["shiftwire", "simulated-secret", f"{url}/control"]


def test_the_simulator_repeats_no_secret_that_it_was_given() -> None:
    with running("simulator", "--port", "0", "--settings", '{"client_secret": "mine"}') as process:
        assert process.stdout
        told = [process.stdout.readline() for _ in range(5)]
    assert "mine" not in "".join(told)


@pytest.mark.parametrize("command", ["ledger", "sinks", "serve", "work", "schedule"])
def test_without_the_embedded_redis_it_is_asked_whether_run_runs_here(command: str, tmp_path: Path) -> None:
    store = {"data_dir": str(tmp_path / "data")}
    answer = shiftwire(command, "--config", configured(tmp_path, store=store))
    assert answer.code == 69
    assert "does `shiftwire run` run in this folder?" in answer.err
    assert "Traceback" not in answer.err


def ending_with(code: int, *, blocked: bool = False) -> Child:
    return Child("one", ["sh", "-c", f"exit {code}"], blocked=lambda: blocked)


@pytest.mark.parametrize("child", [ending_with(78), ending_with(1, blocked=True)])
def test_a_child_that_would_end_in_the_same_way_again_ends_the_family(child: Child) -> None:
    other = Child("other", ["sleep", "30"])
    assert Family([other, child]).run() in {78, 1}
    assert other.process is not None
    assert other.process.poll() is not None


def test_a_child_that_fails_otherwise_is_started_again() -> None:
    child = ending_with(69)
    child.start(0.0)
    assert child.process is not None
    child.process.wait()
    assert child.look(0.1) is None
    assert child.due > 0.1

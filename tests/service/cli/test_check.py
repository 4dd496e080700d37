"""Exit codes of what needs others: the store, Protime, the sinks."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import redis
import yaml

from tests.ports import free_port
from tests.service.cli.commands import Answer, at_once, reachable, running, shiftwire, until
from workers.store import embedded
from workers.store.subscriptions import Subscription
from workers.store.vault import Vault

SECRET_KEY = "a-secret-key-of-the-tests-that-is-long-enough"


@pytest.fixture(scope="module")
def protime() -> Iterator[str]:
    port = free_port()
    with running("simulator", "--port", str(port)):
        until(lambda: reachable(port), 20, "the simulator answers")
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = embedded.start(tmp_path_factory.mktemp("store"))
    yield server.url
    server.stop()


class Checked:
    """A configuration file that is good as long as nothing is changed."""

    def __init__(self, folder: Path, protime: str, store: str) -> None:
        self._path = folder / "shiftwire.yaml"
        self._config: dict[str, Any] = {
            "public_url": "https://hooks.example.com",
            "secret_key": SECRET_KEY,
            "store": {"url": store},
            "tenants": {
                "acme": {
                    "base_url": protime,
                    "auth_url": protime,
                    "client_id": "shiftwire",
                    "client_secret": "simulated-secret",
                    "user_agent": "Tests/v1 (Shiftwire)",
                    "collections": {"assignments": {"since": "2026-01-01"}},
                }
            },
            "sinks": {"archive": {"type": "file", "path": str(folder / "later" / "archive")}},
        }

    def tenant(self, **changed: Any) -> None:
        self._config["tenants"]["acme"].update(changed)

    def store(self, url: str) -> None:
        self._config["store"] = {"url": url}

    def sink(self, **options: Any) -> None:
        self._config["sinks"]["more"] = options

    def run(self, *commands: tuple[str, ...]) -> list[Answer]:
        self._path.write_text(yaml.safe_dump(self._config))
        answers = at_once([partial(shiftwire, *words, "--config", str(self._path)) for words in commands])
        assert not any("Traceback" in answer.err for answer in answers)
        return answers

    def online(self) -> Answer:
        return self.run(("check", "--online"))[0]


@pytest.fixture
def checked(tmp_path: Path, protime: str, store: str) -> Checked:
    return Checked(tmp_path, protime, store)


def failures(answer: Answer) -> list[str]:
    return [line for line in answer.out.splitlines() if line.startswith("FAIL")]


def test_online_asks_store_protime_and_sinks(checked: Checked) -> None:
    answer = checked.online()
    assert answer.code == 0, answer.out
    assert [line.split(":")[0] for line in answer.out.splitlines()[1:]] == [
        "ok    store",
        "ok    tenants.acme",
        "ok    sinks.archive",
    ]


def test_a_store_that_does_not_answer_is_69_for_every_command_that_needs_it(checked: Checked) -> None:
    checked.store(f"redis://127.0.0.1:{free_port()}/0")
    answers = checked.run(
        ("check", "--online"), ("ledger",), ("dead-letters", "list"), ("serve",), ("work",), ("schedule",)
    )
    assert [answer.code for answer in answers] == [69] * 6
    assert all(answer.err and not answer.out for answer in answers[1:])


def test_a_store_that_would_forget_is_a_bad_configuration(checked: Checked, tmp_path: Path) -> None:
    server = embedded.start(tmp_path / "forgetful")
    try:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("appendonly", "no")
        checked.store(server.url)
        answer = checked.online()
        assert answer.code == 78
        assert "appendonly yes" in failures(answer)[0]
        assert checked.run(("schedule",))[0].code == 78
    finally:
        server.stop()


def test_protime_that_does_not_answer_is_69(checked: Checked) -> None:
    checked.tenant(auth_url=f"http://127.0.0.1:{free_port()}")
    answer = checked.online()
    assert answer.code == 69
    assert failures(answer)[0].startswith("FAIL  tenants.acme: ")


def test_a_client_that_protime_refuses_is_78_and_its_secret_stays_unsaid(checked: Checked) -> None:
    checked.tenant(client_secret="not-the-secret")
    answer = checked.online()
    assert answer.code == 78
    assert "not-the-secret" not in answer.out + answer.err


def test_a_scope_that_protime_refuses_is_78_and_those_asked_for_are_named(
    checked: Checked, protime: str
) -> None:
    granted = [f"connector-protimeapi-{name}" for name in ("webhooks.read", "webhooks.write")]
    httpx.patch(f"{protime}/control/settings", json={"scopes": granted}).raise_for_status()
    try:
        answer = checked.online()
    finally:
        httpx.patch(f"{protime}/control/settings", json={"scopes": None}).raise_for_status()
    assert answer.code == 78
    assert "connector-protimeapi-assignments.read" in failures(answer)[0]


def test_a_scope_that_is_left_out_of_the_token_is_named(checked: Checked) -> None:
    granted = "connector-protimeapi-webhooks.read connector-protimeapi-webhooks.write"
    with token_endpoint(granted) as url:
        checked.tenant(auth_url=url)
        answer = checked.online()
    assert answer.code == 78
    words = "FAIL  tenants.acme: Protime did not grant connector-protimeapi-assignments.read"
    assert failures(answer) == [words]


@contextmanager
def token_endpoint(scope: str) -> Iterator[str]:
    """Grants these scopes whatever is asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            body = json.dumps({"access_token": "a token", "expires_in": 600, "scope": scope}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_sink_that_does_not_answer_is_69(checked: Checked, tmp_path: Path) -> None:
    port = free_port()
    checked.sink(
        type="webhook", url=f"http://127.0.0.1:{port}/in", unsigned=True, allow_private_addresses=True
    )
    answer = checked.online()
    assert (answer.code, len(failures(answer))) == (69, 1)
    assert failures(answer)[0].startswith("FAIL  sinks.more: ")
    occupied = tmp_path / "occupied"
    occupied.write_text("not a folder")
    checked.sink(type="file", path=str(occupied))
    assert "is not a folder" in checked.online().out


def test_a_sink_that_only_an_event_could_try_is_called_not_looked_at(checked: Checked) -> None:
    checked.sink(type="notify", urls=[f"json://127.0.0.1:{free_port()}"])
    answer = checked.online()
    assert answer.code == 0
    assert "--    sinks.more: not looked at: " in answer.out


def test_a_secret_key_that_opens_no_stored_webhook_key_is_78(checked: Checked, store: str) -> None:
    record = Subscription("assignments", "a-token", "https://hooks.example.com", datetime.now(UTC))
    with subscribed(store, "another-secret-key-that-is-long-enough", record):
        answer = checked.online()
        assert answer.code == 78
        assert failures(answer)[0].startswith(
            "FAIL  secret_key: tenants.acme: a stored secret cannot be opened"
        )
        assert "a-token" not in answer.out + answer.err
    with subscribed(store, SECRET_KEY, record):
        answer = checked.online()
        assert (answer.code, failures(answer)) == (0, [])
        assert "ok    secret_key: opens the keys of 1 stored webhook(s)" in answer.out


@contextmanager
def subscribed(store: str, secret_key: str, record: Subscription) -> Iterator[None]:
    """A subscription of acme lies in the store, sealed with this key."""
    field, sealed = "digest-of-the-token", Vault(secret_key).seal(msgspec.json.encode(record))
    with redis.Redis.from_url(store) as client:
        client.hset("sw:{acme}:subscriptions", field, sealed)
        yield
        client.delete("sw:{acme}:subscriptions")


def test_a_store_that_syncs_its_file_late_is_a_warning_and_nothing_is_logged_beside_it(
    checked: Checked, tmp_path: Path
) -> None:
    server = embedded.start(tmp_path / "late")
    try:
        with redis.Redis.from_url(server.url) as client:
            client.config_set("appendfsync", "everysec")
        checked.store(server.url)
        answer = checked.online()
    finally:
        server.stop()
    assert answer.code == 0
    assert "WARN  store: " in answer.out
    assert "`appendfsync always`" in answer.out
    assert (answer.err, "ok    store" in answer.out) == ("", False)


def test_a_since_that_a_new_year_left_behind_is_told_and_stops_nothing(checked: Checked) -> None:
    checked.tenant(collections={"assignments": {"since": f"{date.today().year - 2}-12-31"}})  # noqa: DTZ011
    checked.store(f"redis://127.0.0.1:{free_port()}/0")
    good, started = checked.run(("check",), ("schedule",))
    assert good.code == 0
    assert "warn  tenants.acme.collections.assignments.since: deltas no longer begin on" in good.out
    assert "deltas no longer begin on" in started.err + started.out
    assert started.code == 69  # the store's doing: the configuration was taken


def test_another_number_of_partitions_is_78_for_every_command_that_needs_the_store(
    checked: Checked, tmp_path: Path
) -> None:
    server = embedded.start(tmp_path / "kept-with-another-number")
    try:
        import redis

        with redis.Redis.from_url(server.url) as client:
            client.set("sw:partitions", 16)
        checked.store(server.url)
        answers = checked.run(("run",), ("serve",), ("work",), ("schedule",), ("ledger",))
        assert [answer.code for answer in answers] == [78] * 5
        assert all("store.partitions is 8" in answer.err for answer in answers)
        assert "kept with 16" in failures(checked.online())[0]
    finally:
        server.stop()


def test_json_has_every_finding_and_the_same_exit_code(checked: Checked) -> None:
    (offline,) = checked.run(("check", "--json"))
    assert offline.json()["online"] == []
    checked.tenant(base_url="http://127.0.0.1:1", auth_url="http://127.0.0.1:1")
    (online,) = checked.run(("check", "--online", "--json"))
    assert (online.code, online.err) == (69, "")
    found = {finding["what"]: finding["mark"] for finding in json.loads(online.out)["online"]}
    assert (found["store"], found["tenants.acme"]) == ("ok", "fail")

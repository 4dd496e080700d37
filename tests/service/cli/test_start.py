"""What a process says when it starts, and when it cannot."""

from __future__ import annotations

import json
import socket
from functools import partial
from pathlib import Path

import pytest
import yaml

from tests.ports import free_port
from tests.service.cli.commands import Answer, at_once, shiftwire

SECRET = "the-secret-key-of-this-test-that-is-long-enough"


@pytest.fixture
def configured(tmp_path: Path) -> str:
    """A configuration whose store is away: whatever needs it ends at once."""
    collections = {"assignments": {"since": "2026-01-01"}}
    agent = "Tests/v1 (Shiftwire)"
    tenant = {"client_id": "i", "client_secret": SECRET, "user_agent": agent, "collections": collections}
    config = {
        "public_url": "https://hooks.example.com",
        "secret_key": SECRET,
        "store": {"url": f"redis://127.0.0.1:{free_port()}/0"},
        "tenants": {"acme": tenant},
    }
    path = tmp_path / "shiftwire.yaml"
    path.write_text(yaml.safe_dump(config))
    return str(path)


def events(answer: Answer) -> list[str]:
    return [json.loads(line)["event"] for line in answer.err.splitlines() if line.startswith("{")]


def test_every_process_logs_the_configuration_in_effect_before_anything_else_without_secrets(
    configured: str,
) -> None:
    answers = at_once(
        partial(shiftwire, name, "--config", configured) for name in ("serve", "work", "schedule")
    )
    for answer in answers:
        assert answer.code == 69
        assert events(answer)[0] == "configuration"
        first = json.loads(answer.err.splitlines()[0])
        assert (first["secret_key"], first["store"]["partitions"]) == ("***", 8)
        assert SECRET not in answer.out + answer.err


def test_a_process_whose_probes_have_no_port_ends_before_it_works(configured: str) -> None:
    with socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        answers = at_once(
            partial(shiftwire, name, "--config", configured, "--metrics-port", port)
            for name in ("work", "schedule")
        )
    for answer in answers:
        assert (answer.code, "Traceback" in answer.err) == (1, False)
        assert f"cannot listen on 0.0.0.0:{port}: another program listens there" in answer.err

"""The tests of this folder can be pointed at a real tenant; here a simulator of its own process stands for one."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.workers.protime.tenant.real import real_tenant

ROOT = Path(__file__).parents[4]
SECRET = "simulated-secret"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    port = free_port()
    settings = '{"rate_limit_per_minute": 0, "people": 12, "seeded_planning": true}'
    command = [sys.executable, "-m", "service", "simulator", "--port", str(port), "--settings", settings]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
        process.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with closing(socket.socket()) as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the simulator does not start")


def _environment(address: str, **more: str) -> dict[str, str]:
    named = {
        "SHIFTWIRE_TENANT": "acme",
        "SHIFTWIRE_BASE_URL": address,
        "SHIFTWIRE_AUTH_URL": address,
        "SHIFTWIRE_CLIENT_ID": "shiftwire",
        "SHIFTWIRE_CLIENT_SECRET": SECRET,
        "SHIFTWIRE_REQUESTS_PER_MINUTE": "100000",
        "SHIFTWIRE_USER_AGENT": "Conformance/v1 (Shiftwire)",
    }
    return {**os.environ, **named, **more}


def _tested(environment: Mapping[str, str]) -> tuple[str, dict[str, int]]:
    """What pytest said, and how many tests passed, failed, were skipped."""
    files = [
        str(path) for path in Path(__file__).parent.glob("test_*.py") if path.name != Path(__file__).name
    ]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *files]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    counts = re.findall(r"(\d+) (passed|failed|skipped|errors?)", done.stdout.splitlines()[-1])
    return done.stdout + done.stderr, {kind: int(number) for number, kind in counts}


def test_a_tenant_of_the_environment_is_only_read(address: str) -> None:
    before = _tokens_asked_for(address)
    said, counts = _tested(_environment(address))
    assert counts.keys() == {"passed", "skipped"}, said
    assert counts["passed"] >= 15, said
    assert "needs the switches or the controls of the simulator" in said
    assert "changes the tenant: SHIFTWIRE_WRITES=1 allows it" in said
    assert "contracts is not among SHIFTWIRE_COLLECTIONS" in said
    assert SECRET not in said
    # One serves them all; the others are those of tests about scopes and secrets.
    assert _tokens_asked_for(address) - before == 4


def test_with_leave_to_write_records_webhooks_and_deltas_are_made_and_removed(address: str) -> None:
    person = {"SHIFTWIRE_WRITES": "1", "SHIFTWIRE_PERSON_ID": "1"}
    said, counts = _tested(_environment(address, **person, SHIFTWIRE_ACTIVITY_ID=_activity(address)))
    assert counts.keys() == {"passed", "skipped"}, said
    assert "SHIFTWIRE_WRITES" not in said
    assert counts["passed"] >= 35, said


def test_what_the_environment_lacks_is_named() -> None:
    with pytest.raises(pytest.UsageError, match="SHIFTWIRE_CLIENT_SECRET, SHIFTWIRE_USER_AGENT are missing"):
        real_tenant({"SHIFTWIRE_TENANT": "acme", "SHIFTWIRE_CLIENT_ID": "x"})
    assert real_tenant({}) is None


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(real_tenant(_environment("http://127.0.0.1:1")))


def _tokens_asked_for(address: str) -> int:
    return int(httpx.get(f"{address}/control/stats").json()["calls"].get("POST /connect/token", 0))


def _activity(address: str) -> str:
    """The GUID of an activity definition, as somebody would look it up at the tenant."""
    form = {"grant_type": "client_credentials", "client_id": "shiftwire", "client_secret": SECRET}
    token = httpx.post(f"{address}/tenants/acme/connect/token", data=form).json()["access_token"]
    path = "/connector/protimeapi/api/v1/activity-structure-versions/1/levels/1/activity-definitions"
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "Conformance/v1 (Shiftwire)"}
    return str(httpx.get(address + path, headers=headers).json()["value"][0]["id"])

"""`subscriptions`, at a Protime that is away or refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_port
from tests.service.cli.written import Tenant, simulated
from workers.store import embedded

COLLECTIONS = {"assignments": {"since": "2026-01-01"}}
RENEW = ("subscriptions", "renew", "acme", "assignments")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[str]:
    server = embedded.start(tmp_path / "store")
    yield server.url
    server.stop()


def test_renewing_says_the_new_id_also_in_json(tmp_path: Path, store: str) -> None:
    with simulated(tmp_path) as protime:
        tenant = Tenant(tmp_path, protime.url, collections=COLLECTIONS)
        tenant.use_store(store)
        first = tenant(*RENEW, "--json").json()
        assert (first["tenant"], first["collection"]) == ("acme", "assignments")
        again = tenant(*RENEW)
        assert again.out.startswith("acme/assignments: now ")
        assert first["id"] not in again.out
        listed = tenant("subscriptions", "list", "--json").json()
        assert {row["id"] for row in listed} == {first["id"], again.out.split()[-1]}
        deleted = tenant("subscriptions", "delete", "acme", first["id"], "--json").json()
        assert deleted == {"tenant": "acme", "id": first["id"]}


def test_renewing_while_protime_is_away_ends_with_69(tmp_path: Path, store: str) -> None:
    tenant = Tenant(tmp_path, f"http://127.0.0.1:{free_port()}", collections=COLLECTIONS)
    tenant.use_store(store)
    answer = tenant(*RENEW)
    assert (answer.code, answer.out) == (69, "")
    assert answer.err.startswith("Protime: ")


def test_renewing_without_the_scope_ends_with_78(tmp_path: Path, store: str) -> None:
    scopes = ["assignments.read"]
    with simulated(tmp_path, scopes=scopes) as protime:
        tenant = Tenant(tmp_path, protime.url, collections=COLLECTIONS)
        tenant.use_store(store)
        answer = tenant(*RENEW)
    assert (answer.code, answer.out) == (78, "")

"""Tables lose nothing, however narrow the place is where they are shown."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from service.cli import subscriptions
from tests.service.cli.written import Tenant
from workers.config import load

ID = "a7d853ea-89eb-4735-83d1-b891c6fde398"
ROW: dict[str, Any] = {
    "tenant": "acme",
    "collection": "assignments",
    "id": ID,
    "status": "Enabled",
    "valid_until": datetime(2026, 3, 9, 14, 3, 11, tzinfo=UTC).isoformat(),
    "destination_url": "https://somebody-else.example.com/" + "a/rather/long/path/" * 10,
    "managed": False,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(rows: list[dict[str, Any]], folder: Path) -> list[str]:
    config = load(Tenant(folder, "http://127.0.0.1:1").config, {})
    subscriptions._print_table(config, rows)
    return sys.stdout.getvalue().splitlines()  # type: ignore[attr-defined]


def test_the_webhooks_ids_are_whole_at_80_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    lines = printed([ROW], tmp_path)
    assert any(ID in line for line in lines)
    assert not any("…" in line for line in lines)


def test_in_a_pipe_a_webhook_is_one_line_with_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    line = printed([ROW, {**ROW, "managed": True}], tmp_path)[2]
    assert line.split()[:2] == [ID, "acme"]
    assert "2026-03-09 15:03:11 CET" in line
    assert ROW["destination_url"] in line

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.service.cli.commands import at_once, shiftwire

GOOD = """
store: { allow_volatile: true }
secret_key: a-secret-key-of-the-tests-that-is-long-enough
public_url: https://hooks.example.com
tenants:
  acme:
    client_id: ${CLIENT:-shiftwire}
    client_secret: secret
    user_agent: Tests/v1 (Shiftwire)
    collections: { assignments: { since: 2026-01-01 } }
"""
BAD = """
tennants: {}
server: { port: many }
sinks: { a: { type: web-hook } }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("good", "better"):
        (tmp_path / f"{name}.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def test_the_file_may_be_named_before_or_after_the_command_or_by_the_environment(folder: Path) -> None:
    good = str(folder / "good.yaml")
    words = f"{good}: the configuration is valid: 1 tenant(s), 1 collection(s), 0 sink(s)\n"
    for arguments, env in (
        (("--config", good, "check"), {}),
        (("check", "--config", good), {}),
        (("check",), {"SHIFTWIRE_CONFIG": good}),
    ):
        answer = shiftwire(*arguments, env=env)
        assert (answer.code, answer.out) == (0, words), answer.err


def test_a_file_named_on_the_line_wins_over_the_environment_and_the_later_one_over_the_earlier(
    folder: Path,
) -> None:
    good, better, bad = (str(folder / f"{name}.yaml") for name in ("good", "better", "bad"))
    assert shiftwire("--config", good, "check", env={"SHIFTWIRE_CONFIG": bad}).out.startswith(good)
    assert shiftwire("--config", bad, "check", "--config", better).out.startswith(better)


def test_without_a_name_it_is_the_file_in_the_folder(folder: Path) -> None:
    (folder / "shiftwire.yaml").write_text(GOOD)
    assert shiftwire("check", cwd=folder).out.startswith("shiftwire.yaml: the configuration is valid")


def test_every_mistake_is_told_at_once_with_exit_code_78(folder: Path) -> None:
    bad = str(folder / "bad.yaml")
    commands = (("check",), ("events", "list"), ("serve",), ("run",))
    for answer in at_once([partial(shiftwire, "--config", bad, *words) for words in commands]):
        assert (answer.code, answer.out) == (78, "")
        for words in ("tennants", 'did you mean "tenants"', "server.port", "sinks.a.type"):
            assert words in answer.err.lower()


def test_a_missing_file_is_a_bad_configuration(folder: Path) -> None:
    answer = shiftwire("ledger", cwd=folder)
    assert answer.code == 78
    assert "shiftwire.yaml" in answer.err
